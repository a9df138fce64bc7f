import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { finishedResult } from '../../src/batch/result-row.ts';
import { termsId } from '../../src/batch/terms.ts';
import { workOf } from '../../src/batch/work.ts';
import { takeJob } from '../../src/store/claims.ts';
import { type AlsoThen, finishJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { openQueue, queueName } from '../../src/store/queue.ts';
import { beginWorker, endWorker } from '../../src/store/workers.ts';
import { VERSION } from '../../src/version.ts';
import { DOCUMENTS } from '../support/attestations.ts';
import { documentsIn, lockfile, publishLocked, verdictsIn, worldOptions } from '../support/batches.ts';
import { reprove } from '../support/cli.ts';
import { account } from '../support/kills.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { Running, workerOptions } from '../support/workers.ts';
import { TestWorld } from '../support/world.ts';

const LONG = { timeout: 600_000 };

let world: TestWorld;
let server: TestPostgres;
beforeAll(async () => {
  [world, server] = await Promise.all([TestWorld.open(), startPostgres()]);
});
afterAll(async () => {
  await Promise.all([world.close(), server.remove()]);
});

const started: Running[] = [];
afterEach(() => {
  for (const one of started.splice(0)) one.kill('SIGKILL');
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const running = new Running(args, env);
  started.push(running);
  return running;
}

async function startWorker(store: string, ...more: string[]): Promise<Running> {
  const worker = start([...workerOptions(world, store), '--slots', '1', ...more]);
  await worker.said('takes jobs from');
  return worker;
}

const locked = (name: string) => publishLocked(world, name);

const queued = (input: string, store: string, ...more: string[]) => [
  'batch',
  input,
  '--queue',
  '--store',
  store,
  '--json',
  ...worldOptions(world),
  ...more,
];

const termsHere = () => ({ tool: VERSION, registry: world.registry.url, policy: null, signer: null });

/** Somebody has to have been there to say who signs. */
async function workerWasThere(location: string): Promise<void> {
  const terms = termsHere();
  const worker = {
    owner: 'elsewhere.1.1',
    host: 'elsewhere',
    queue: queueName(termsId(terms)),
    terms: JSON.stringify(terms),
    slots: 1,
  };
  const store = await openStore(location);
  await endWorker(store, await beginWorker(store, worker));
  await store.close();
}

/** A store with a lockfile whose batch is in its queue, with nobody there to take it. */
async function waitingBatch(name: string, names: readonly string[]) {
  const store = server.database();
  const input = lockfile(
    world,
    `${name}.json`,
    names.map((one) => locked(one)),
  );
  await workerWasThere(store);
  const batch = start(queued(input, store));
  await batch.said('no worker is there that takes it');
  return { store, input, batch };
}

const scalar = (store: string, sql: string) => server.sql(store, sql).trim();

/** Waits until a query gives something. */
async function until(store: string, sql: string, wanted: string): Promise<void> {
  while (scalar(store, sql) !== wanted) await sleep(50);
}

const outcomesOf = (attempts: readonly { readonly outcome: string | null }[]) =>
  attempts.map(({ outcome }) => outcome ?? 'open').toSorted();

const IN_FLIGHT = 'select count(*) from attempts where ended_at is null';

test('two workers do a batch, and the command that put it into the queue tells of it', LONG, async () => {
  const names = ['one', 'two', 'three', 'four'];
  const { store, batch } = await waitingBatch('by-workers', names);
  const workers = await Promise.all([startWorker(store), startWorker(store, '--json')]);
  expect(await batch.ended(), batch.stderr).toBe(0);
  expect(verdictsIn(batch)).toEqual(names.toSorted().map((name) => `${name} reproduced`));
  expect(batch.stderr).toMatch(/[12] workers? takes? it, [12] at a time/);
  for (const worker of workers) worker.kill('SIGTERM');
  expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([0, 0]);
  for (const line of workers[1]?.stdout.split('\n').filter(Boolean) ?? [])
    expect(JSON.parse(line)).toMatchObject({ verdict: 'reproduced', reason: null });
  const { batches, jobs, attempts } = await account(store);
  expect(batches.map(({ ended_at: at, counts }) => [at === null, counts])).toEqual([
    [false, JSON.stringify({ total: 4, reproduced: 4, diverged: 0, unverifiable: 0, failed: 0, waiting: 0 })],
  ]);
  expect(jobs.map(({ state }) => state)).toEqual(names.map(() => 'done'));
  expect(outcomesOf(attempts)).toEqual(names.map(() => 'judged'));
  expect(scalar(store, "select count(*) from pgboss.job where state < 'completed'")).toBe('0');
});

test('what a killed worker had in flight is begun again at once', LONG, async () => {
  const { store, batch } = await waitingBatch('killed', ['unlucky']);
  const killed = await startWorker(store);
  await until(store, IN_FLIGHT, '1');
  killed.kill('SIGKILL');
  await killed.ended();
  const other = await startWorker(store, '--until-done');
  expect(await batch.ended(), batch.stderr).toBe(0);
  expect(await other.ended(), other.stderr).toBe(0);
  expect(other.stderr).toContain('1 that a killed process of this machine had in flight is begun again');
  const { attempts } = await account(store);
  expect(outcomesOf(attempts)).toEqual(['judged', 'lost']);
});

test('a machine that is gone loses its lease, and what it brings later is not taken', LONG, async () => {
  const { store: location, batch } = await waitingBatch('gone', ['gone']);
  const terms = termsId(termsHere());
  const store = await openStore(location);
  const refuse = (error: Error) => expect.unreachable(error.message);
  const queue = await openQueue(store, { location, terms, supervises: false, onError: refuse });
  const taken = await takeJob(store, queue, { owner: 'elsewhere.1.1', now: new Date() });
  server.sql(
    location,
    "update pgboss.job set heartbeat_on = now() - interval '1 hour' where state = 'active'",
  );
  const worker = await startWorker(location, '--until-done');
  expect(await Promise.all([batch.ended(), worker.ended()]), worker.stderr).toEqual([0, 0]);
  if (taken === null) throw new Error('There was one.');
  const work = workOf(taken.job, { costMs: 0, met: {} });
  const late = finishedResult(
    { document: DOCUMENTS.reproduced, bundles: [] },
    { work, terms, limitMs: 1, now: new Date() },
  );
  const also: AlsoThen = (db) => queue.finish(db, taken.claim);
  expect(await finishJob(store, taken.attempt, late, { now: new Date(), also })).toBe(false);
  await queue.close();
  await store.close();
  const { results, attempts } = await account(location);
  expect(results.map(({ purl }) => purl)).toEqual(['pkg:npm/gone@1.0.0']);
  expect(outcomesOf(attempts)).toEqual(['judged', 'lost']);
});

test('a package version that kills every worker is given up, and is no verdict', LONG, async () => {
  const { store, batch } = await waitingBatch('poison', ['poison']);
  for (const count of ['1', '2']) {
    const killed = await startWorker(store, '--most-losses', '2');
    // The attempt of the worker before is in flight as well, until somebody notices that it is gone.
    await until(store, 'select count(*) from attempts', count);
    killed.kill('SIGKILL');
    await killed.ended();
  }
  const last = await startWorker(store, '--most-losses', '2', '--until-done');
  expect(await batch.ended(), batch.stderr).toBe(4);
  expect(await last.ended(), last.stderr).toBe(0);
  expect(batch.stderr).toContain(
    'no verdict on poison@1.0.0: 2 processes were killed while they verified it',
  );
  const { jobs, results } = await account(store);
  expect([jobs.map(({ state }) => state), results]).toEqual([['failed'], []]);
});

describe('a worker that is told to end', () => {
  test('ends what is in flight and takes nothing new', LONG, async () => {
    const { store, batch } = await waitingBatch('drained', ['in-flight', 'left']);
    const drained = await startWorker(store);
    await until(store, IN_FLIGHT, '1');
    drained.kill('SIGTERM');
    expect(await drained.ended(), drained.stderr).toBe(0);
    expect(scalar(store, 'select state from jobs order by state').split('\n')).toEqual(['done', 'waiting']);
    const other = await startWorker(store, '--until-done');
    expect(await Promise.all([batch.ended(), other.ended()])).toEqual([0, 0]);
  });

  test('twice stops that too, and gives it back', LONG, async () => {
    const { store, batch } = await waitingBatch('stopped', ['given-back']);
    world.registry.fault('/given-back', { kind: 'hang', times: 1 });
    const stopped = await startWorker(store);
    await until(store, IN_FLIGHT, '1');
    stopped.kill('SIGTERM');
    await stopped.said('takes nothing new');
    stopped.kill('SIGTERM');
    expect(await stopped.ended(), stopped.stderr).toBe(0);
    const other = await startWorker(store, '--until-done');
    expect(await Promise.all([batch.ended(), other.ended()]), other.stderr).toEqual([0, 0]);
    const { attempts } = await account(store);
    expect(outcomesOf(attempts)).toEqual(['judged', 'stopped']);
    // That is nobody's loss.
    expect(scalar(store, "select max((data->>'losses')::int) from pgboss.job")).toBe('0');
  });

  test('stops that by itself when the time of grace is over', LONG, async () => {
    const { store, batch } = await waitingBatch('grace', ['graceless']);
    world.registry.fault('/graceless', { kind: 'hang', times: 1 });
    const stopped = await startWorker(store, '--grace', '0.2');
    await until(store, IN_FLIGHT, '1');
    stopped.kill('SIGINT');
    expect(await stopped.ended(), stopped.stderr).toBe(0);
    expect(scalar(store, 'select outcome from attempts')).toBe('stopped');
    batch.kill('SIGINT');
    expect(await batch.ended()).toBe(130);
    expect(batch.stderr).toContain('Run the same command again to see how the workers go on with them.');
  });
});

test('the batch command can be ended and started again while workers go on', LONG, async () => {
  const names = ['followed', 'unfollowed'];
  const { store, input, batch } = await waitingBatch('followed', names);
  batch.kill('SIGINT');
  expect(await batch.ended()).toBe(130);
  const worker = await startWorker(store, '--until-done');
  expect(await worker.ended(), worker.stderr).toBe(0);
  // Whoever did the last one has ended the batch; everything in it is known to the next.
  expect(scalar(store, 'select count(*) from batches where ended_at is null')).toBe('0');
  const again = await reprove(queued(input, store));
  expect(again.stderr).toContain('2 package versions, of which 2 are known already');
  expect(verdictsIn(again)).toEqual(names.map((name) => `${name} reproduced`));
});

test('PostgreSQL that goes away and comes back costs nothing but time', LONG, async () => {
  const own = await startPostgres();
  try {
    const store = own.database();
    const input = lockfile(
      world,
      'away.json',
      ['away-a', 'away-b', 'away-c'].map((name) => locked(name)),
    );
    const worker = await startWorker(store);
    const batch = start(queued(input, store));
    await batch.said('worker takes it');
    await own.kill();
    await sleep(Number(process.env['REPROVE_AWAY_S'] ?? 3) * 1_000);
    await own.start();
    expect(await batch.ended(), batch.stderr).toBe(0);
    worker.kill('SIGTERM');
    expect(await worker.ended(), worker.stderr).toBe(0);
    const { results } = await account(store);
    expect(results).toHaveLength(3);
  } finally {
    await own.remove();
  }
});

describe('workers of other terms', () => {
  test('never see the jobs, and both sides say so', LONG, async () => {
    const { store, batch } = await waitingBatch('skewed', ['skewed']);
    const policy = path.join(world.folder.path, 'other-policy.json');
    writeFileSync(policy, JSON.stringify({ version: 1, level: 'bytes' }));
    const other = await startWorker(store, '--policy', policy);
    await other.said(/1 batch is left to other workers: no policy, not the policy with sha256/);
    await batch.said(/those that are there are others: .* has the policy with sha256 \w+, not no policy/);
    expect(scalar(store, 'select count(*) from attempts')).toBe('0');
    const right = await startWorker(store, '--until-done');
    expect(await Promise.all([batch.ended(), right.ended()]), right.stderr).toEqual([0, 0]);
  });

  test('are no workers for a batch: it says what is otherwise', LONG, async () => {
    const store = server.database();
    const input = lockfile(world, 'nobody.json', [locked('nobody')]);
    const none = await reprove(queued(input, store));
    expect([none.exitCode, none.stdout]).toEqual([2, '']);
    expect(none.stderr).toContain('No worker has ever taken jobs from this store.');
    const worker = await startWorker(store);
    server.sql(store, `update workers set terms = replace(terms, '"tool":"', '"tool":"9')`);
    const older = await reprove(queued(input, store));
    expect([older.exitCode, older.stdout]).toEqual([2, '']);
    expect(older.stderr).toMatch(/has reprove 9[.\d]+, not reprove [.\d]+/);
    expect(scalar(store, 'select count(*) from batches')).toBe('0');
    // A newer version changes the schema: the worker must not go on as if nothing had happened.
    server.sql(
      store,
      "insert into kysely_migration values ('0999-from-the-future', '2027-01-01T00:00:00.000Z')",
    );
    expect(await worker.ended()).toBe(4);
    expect(worker.stderr).toContain('was written by a newer reprove');
  });
});

test(
  'a repository that was asked often enough is asked again later, and the job goes back',
  LONG,
  async () => {
    const store = server.database();
    const repository = 'https://git.example/owner/sister-a';
    world.publish('sister-b', { 'index.js': '1\n' }, { repository });
    const input = lockfile(world, 'turns.json', [locked('sister-a'), { name: 'sister-b' }]);
    const worker = start([...workerOptions(world, store), '--slots', '2', '--repository-rate', '0.01']);
    await worker.said('takes jobs from');
    const batch = start(queued(input, store));
    await worker.said(/sister-[ab]@1\.0\.0 is tried again in \d+ s: Its host or its repository was asked/);
    await until(store, "select count(*) from jobs where state = 'done'", '1');
    const waits = scalar(
      store,
      "select extract(epoch from start_after - now())::int > 1000, data->>'repository' from pgboss.job where state < 'active'",
    );
    expect(waits).toBe(`t|${repository}`);
    batch.kill('SIGTERM');
    worker.kill('SIGTERM');
    expect(await Promise.all([batch.ended(), worker.ended()])).toEqual([143, 0]);
    const { attempts } = await account(store);
    expect(outcomesOf(attempts)).toEqual(['deferred', 'judged']);
  },
);

test('a clock that is a day behind and jumps back dates nothing wrongly', LONG, async () => {
  const { store, batch } = await waitingBatch('clock', ['timeless']);
  const file = path.join(world.folder.path, 'clock.mjs');
  writeFileSync(
    file,
    `const now = Date.now; const Real = Date; const begun = now();
     const wrong = () => now() - (now() - begun > 500 ? 2 : 1) * 86_400_000;
     globalThis.Date = class extends Real {
       constructor(...given) { super(...(given.length === 0 ? [wrong()] : given)); }
       static now() { return wrong(); }
     };`,
  );
  const worker = start([...workerOptions(world, store), '--until-done'], {
    NODE_OPTIONS: `--import=${file}`,
  });
  expect(await Promise.all([batch.ended(), worker.ended()]), worker.stderr).toEqual([0, 0]);
  expect(documentsIn(batch)).toHaveLength(1);
  const age = 'extract(epoch from now() - finished_at::timestamptz)::int between 0 and 600 from results';
  expect(scalar(store, `select ${age}`)).toBe('t');
});

describe('wrong usage', () => {
  test.each([
    ['a worker of a file', ['worker', '--store', 'store.sqlite']],
    ['a worker with a rate that is none', ['worker', '--host-rate', 'often']],
    ['a worker with no slots', ['worker', '--slots', '0']],
    ['a queue in a file', ['batch', 'INPUT', '--queue', '--store', 'store.sqlite']],
    ['a queue and workers here', ['batch', 'INPUT', '--queue', '--workers', '2', '--store', 'DATABASE']],
  ])('%s', async (_, args) => {
    const input = lockfile(world, 'usage.json', [{ name: 'a' }]);
    const given = args.map((one) => one.replace('INPUT', input).replace('DATABASE', server.database()));
    const run = await reprove(given, { cwd: world.folder.path });
    expect([run.exitCode, run.stdout], run.stderr).toEqual([2, '']);
    expect(run.stderr).not.toBe('');
  });
});
