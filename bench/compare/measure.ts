import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** What one run of a command took. */
export interface Measured {
  /** Wall time. */
  readonly ms: number;
  /** Time of the processors, of the command and everything that it started and waited for. */
  readonly cpuMs: number;
  /** The most memory that one process of it had at a time (max RSS), bytes. */
  readonly peakBytes: number;
  readonly exitCode: number | null;
  readonly stdout: string;
}

/**
 * Runs a command to its end, under GNU time, which tells what it took.
 *
 * @param options.report file for what is measured
 * @throws Error when the command ends with another exit code than those that are expected
 */
export async function measure(
  argv: readonly string[],
  options: { readonly report: string; readonly exitCodes: readonly number[] },
): Promise<Measured> {
  const started = performance.now();
  const run = spawn('/usr/bin/time', ['--quiet', '-f', '%U %S %M', '-o', options.report, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  run.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [exitCode] = (await once(run, 'close')) as [number | null];
  const ms = performance.now() - started;
  if (exitCode === null || !options.exitCodes.includes(exitCode))
    throw new Error(`${argv.join(' ')} ended with ${exitCode ?? 'a signal'}`);
  const [user = 0, system = 0, kibibytes = 0] = (await readFile(options.report, 'utf8'))
    .trim()
    .split(' ')
    .map(Number);
  const stdout = Buffer.concat(chunks).toString('utf8');
  return { ms, cpuMs: (user + system) * 1000, peakBytes: kibibytes * 1024, exitCode, stdout };
}

/** The middle one, or the mean of both. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [a, b] = [sorted[middle] ?? Number.NaN, sorted[middle - 1] ?? Number.NaN];
  return sorted.length % 2 === 1 ? a : (a + b) / 2;
}
