import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Deadline, signalAt } from '../deadline.ts';
import { exclusively } from '../exclusive.ts';
import { makeOwned, sweepOwned } from '../owner.ts';
import { Git, gitUnavailable } from './git.ts';

/**
 * Makes `git archive` tell the truth about a commit: `info/attributes` outranks every .gitattributes of the tree
 * (gitattributes(5)), so nothing is left out, substituted or sent through a filter program.
 */
const ATTRIBUTES = '* -export-ignore -export-subst -filter -ident\n';

const NEW_PREFIX = 'new-';

/** The folder of the cache with everything that was ever made of repositories, each in a bare repository of its own. */
export class GitCache {
  readonly #home: string;
  readonly #emptyHome: string;
  readonly #deadline: Deadline | null;

  /** @param options.deadline stops every git command */
  constructor(options: { cacheDir: string; deadline?: Deadline }) {
    this.#home = path.join(options.cacheDir, 'git');
    this.#emptyHome = path.join(this.#home, 'empty-home');
    this.#deadline = options.deadline ?? null;
  }

  directoryOf(name: string): string {
    return path.join(this.#home, `${name}.git`);
  }

  gitIn(directory: string): Git {
    return new Git({ directory, emptyHome: this.#emptyHome, deadline: this.#deadline });
  }

  /** Runs `work` while no other process works on this name; not in time when the deadline came before its turn. */
  async alone<T>(
    name: string,
    work: () => Promise<T>,
  ): Promise<{ readonly inTime: true; readonly value: T } | { readonly inTime: false }> {
    await mkdir(this.#home, { recursive: true });
    await sweepOwned(this.#home, NEW_PREFIX);
    try {
      const lock = `${this.directoryOf(name)}.lock`;
      return { inTime: true, value: await exclusively(lock, work, signalAt(this.#deadline)) };
    } catch (error) {
      if (this.#deadline !== null && this.#deadline.leftMs() <= 0) return { inTime: false };
      throw error;
    }
  }

  /**
   * Makes a new bare repository and removes it after `work`, unless that keeps it under a name. Another process may have
   * been faster, or may have broken a lock that it took for stale; then its repository is as good.
   */
  async inNewFolder<T>(
    work: (git: Git, keep: (name: string) => Promise<void>, folder: string) => Promise<T>,
  ): Promise<T> {
    const folder = await makeOwned(this.#home, NEW_PREFIX);
    try {
      const git = this.gitIn(folder);
      await initialise(git, folder);
      return await work(git, (name) => moveUnlessThere(folder, this.directoryOf(name)), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function initialise(git: Git, directory: string): Promise<void> {
  const commands = [
    ['init', '--bare'],
    ['config', 'gc.auto', '0'],
    // Of a folder that lends its objects git would believe this file without a look at the commits themselves.
    ['config', 'core.commitGraph', 'false'],
    // Lets shallowClone ask for a commit that no ref names.
    ['config', 'uploadpack.allowAnySHA1InWant', 'true'],
  ];
  for (const command of commands) {
    const done = await git.run(command);
    if (!done.ok && done.failure.why !== 'timed-out') throw gitUnavailable(done.failure.message);
  }
  await mkdir(path.join(directory, 'info'), { recursive: true });
  await writeFile(path.join(directory, 'info', 'attributes'), ATTRIBUTES);
}

async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await exists(to))) throw error;
  }
}

/** A name for a folder of the cache. */
export function nameOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
