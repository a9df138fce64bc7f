import { execFile } from 'node:child_process';

/** What one run of the command gave. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const TIMEOUT_MS = 300_000;

/** Runs `reprove` as a user would, from its source. A run that is killed has exit code -1. */
export function reprove(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string; maxOldSpaceMiB?: number } = {},
): Promise<CliRun> {
  const heap = options.maxOldSpaceMiB === undefined ? [] : [`--max-old-space-size=${options.maxOldSpaceMiB}`];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...heap, MAIN, ...args],
      {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', CI: 'true', ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        timeout: TIMEOUT_MS,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}

/** The reason code of a `--json` document. */
export function reasonOf(run: CliRun): string | null {
  const document = JSON.parse(run.stdout) as { reason: { code: string } | null };
  return document.reason?.code ?? null;
}
