import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { attestationsOf } from '../../src/store/results.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** What became of a batch that was killed again and again. */
export interface Survived {
  /** How often it was killed while it ran. */
  readonly kills: number;
  /** What its last run wrote. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/**
 * Runs a command, kills it (`kill -9`) after a random time, and again, as often as wanted; then lets it come to its end.
 *
 * @param options.afterMs how long it may run before it is killed, asked for each time, milliseconds
 */
export async function runUnderKills(
  args: readonly string[],
  options: { readonly kills: number; readonly afterMs: () => number },
): Promise<Survived> {
  for (let kills = 0; ; kills += 1) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, NO_COLOR: '1', CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = endOf(child);
    if (kills < options.kills) {
      const isOver = await Promise.race([sleep(options.afterMs(), false), ended.then(() => true)]);
      child.kill('SIGKILL');
      // It came to its end before its time: there is nothing left to kill.
      if (!isOver || (await ended).exitCode === null) continue;
    }
    return { kills, ...(await ended) };
  }
}

async function endOf(child: ChildProcess) {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ...texts, exitCode };
}

/** What a store says of its only batch. */
export async function account(location: string) {
  const store = await openStore(location);
  try {
    return await store.query(async (db) => ({
      batches: await db.selectFrom('batches').selectAll().execute(),
      jobs: await db.selectFrom('jobs').selectAll().orderBy('purl').execute(),
      results: await db.selectFrom('results').select(['id', 'purl', 'verdict']).execute(),
      documents: await db.selectFrom('documents').select('result_id').execute(),
      attempts: await db.selectFrom('attempts').selectAll().execute(),
    }));
  } finally {
    await store.close();
  }
}

/** Expects each of some packages to have exactly one result, and the batch to be over. */
export function expectOneResultEach(
  { batches, jobs, results, documents }: Awaited<ReturnType<typeof account>>,
  names: readonly string[],
): void {
  expect(batches.map(({ owner, ended_at: at }) => [owner, at === null])).toEqual([[null, false]]);
  expect(jobs.map(({ name, state }) => `${name} ${state}`)).toEqual(names.map((name) => `${name} done`));
  expect(results.map(({ purl }) => purl).toSorted()).toEqual(names.map((name) => `pkg:npm/${name}@1.0.0`));
  expect(new Set(jobs.map((job) => job.result_id))).toEqual(new Set(results.map(({ id }) => id)));
  expect(documents).toHaveLength(names.length);
}

/** The bundles of a store, as files would hold them. */
export async function bundlesIn(location: string): Promise<readonly { name: string; bundle: string }[]> {
  const store = await openStore(location);
  try {
    const ids = await store.query((db) => db.selectFrom('results').select('id').execute());
    const bundles = [];
    for await (const one of attestationsOf(
      store,
      ids.map(({ id }) => id),
    ))
      bundles.push(one);
    return bundles;
  } finally {
    await store.close();
  }
}

/** Names of test packages. */
export function packageNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `small-${String(index).padStart(3, '0')}`);
}
