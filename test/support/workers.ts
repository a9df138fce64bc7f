import { type ChildProcess, spawn } from 'node:child_process';
import { worldOptions } from './batches.ts';
import type { TestWorld } from './world.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** A command that runs beside the test. */
export class Running {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #listeners = new Set<() => void>();
  stdout = '';
  stderr = '';

  /** @param main the program; default: that of the sources */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, main = MAIN) {
    this.#child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, NO_COLOR: '1', CI: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const name of ['stdout', 'stderr'] as const)
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        for (const listener of this.#listeners) listener();
      });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its exit code; null when it was killed. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has said something on stderr. */
  said(what: string | RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (typeof what === 'string' ? !this.stderr.includes(what) : !what.test(this.stderr)) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
      void this.#ended.then((code) =>
        reject(new Error(`It ended with ${code} and never said ${String(what)}: ${this.stderr}`)),
      );
    });
  }
}

/** The options of a worker in a world. */
export function workerOptions(world: TestWorld, store: string): readonly string[] {
  const places = worldOptions(world);
  // How soon something is tried again is the batch's to say.
  const own = places.slice(0, places.indexOf('--retry-after'));
  return ['worker', '--store', store, ...own, '--host-rate', '0', '--repository-rate', '0'];
}
