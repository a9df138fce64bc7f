import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerName } from '../../src/owner.ts';
import {
  beginBatch,
  endBatch,
  LEASE_MS,
  type NewBatch,
  releaseBatch,
  renewLease,
} from '../../src/store/batches.ts';
import { beginAttempt, durationsOf, endAttempt, failJob, finishJob, jobsOf } from '../../src/store/jobs.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { attestationsOf, documentsOf } from '../../src/store/results.ts';
import type { ResultRow } from '../../src/store/schema.ts';
import { divergedDocument } from '../support/documents.ts';
import { STORE_KINDS, type StoreKind, withStore } from '../support/stores.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);
const DAY_MS = 86_400_000;
const NOT_QUEUED = { terms: '{}', queue: null };
const FRESH = { terms: 'terms', notBefore: later(-DAY_MS), unsettledNotBefore: later(-1000), limitMs: 1000 };

function batchOf(names: readonly string[], more: Partial<NewBatch> = {}): NewBatch {
  const jobs = names.map((name) => ({
    purl: `pkg:npm/${name}@1.0.0`,
    name,
    version: '1.0.0',
    expected: '[]',
    places: '[]',
  }));
  return {
    series: 'series',
    key: 'key',
    jobs,
    owner: ownerName(),
    now: NOW,
    fresh: FRESH,
    ...NOT_QUEUED,
    ...more,
  };
}

function resultOf(name: string, more: Partial<ResultRow> = {}) {
  const row: ResultRow = {
    id: `result of ${name}`,
    purl: `pkg:npm/${name}@1.0.0`,
    name,
    version: '1.0.0',
    terms: 'terms',
    expected: '[]',
    verdict: 'reproduced',
    level: 'bytes',
    severity: 'none',
    reason: null,
    summary: '',
    sha512: null,
    repository: null,
    commit_id: null,
    ref: null,
    is_settled: 1,
    finished_at: NOW.toISOString(),
    duration_ms: 1200,
    limit_ms: 1000,
    ...more,
  };
  const bundle = { name: 'a.json', predicate_type: 'type', sha256: 'aa', bundle: '{}\n' };
  return { row, document: JSON.stringify(divergedDocument({})), attestations: [bundle] };
}

async function judge(store: Store, batchId: string, name: string, more: Partial<ResultRow> = {}) {
  const attempt = await beginAttempt(store, { batchId, purl: `pkg:npm/${name}@1.0.0` }, NOW);
  return finishJob(store, attempt, resultOf(name, more), { now: NOW });
}

/** What of a batch is said to be done, by name. */
async function statesOf(store: Store, batchId: string) {
  return (await jobsOf(store, batchId)).map(({ name, state, result_id: id }) => [name, state, id]);
}

async function all<T>(from: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

const attemptsOf = (store: Store) =>
  store.query((db) =>
    db.selectFrom('attempts').select(['purl', 'number', 'outcome']).orderBy('number').execute(),
  );

describe.each(['sqlite', 'postgres'] as const)('%s', (name) => {
  let kind: StoreKind;
  beforeAll(async () => {
    kind = await STORE_KINDS[name]();
  });
  afterAll(() => kind.close());

  test('keeps a result with its document and its bundles', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      expect(await judge(store, id, 'a')).toBe(true);
      expect(await statesOf(store, id)).toEqual([['a', 'done', 'result of a']]);
      expect(await all(documentsOf(store, ['result of a']))).toEqual([divergedDocument({})]);
      expect(await all(attestationsOf(store, ['result of a']))).toEqual([
        {
          result_id: 'result of a',
          name: 'a.json',
          predicate_type: 'type',
          sha256: 'aa',
          bundle: '{}\n',
        },
      ]);
      expect(await durationsOf(store, ['a', 'b'])).toEqual(new Map([['a', 1200]]));
    }));

  test('a job takes one result, also when two arrive at once', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      const tries = [];
      for (const one of ['1', '2', '3']) {
        const attempt = await beginAttempt(store, { batchId: id, purl: 'pkg:npm/a@1.0.0' }, NOW);
        tries.push(() => finishJob(store, attempt, resultOf('a', { id: one }), { now: NOW }));
      }
      const stored = await Promise.all(tries.map((finish) => finish()));
      expect(stored.filter(Boolean)).toHaveLength(1);
      const rows = await store.query((db) => db.selectFrom('results').select('id').execute());
      expect(rows.map((row) => ['a', 'done', row.id])).toEqual(await statesOf(store, id));
      expect(await store.query((db) => db.selectFrom('documents').selectAll().execute())).toHaveLength(1);
    }));

  test('storing the same result twice is as good as once', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      expect([await judge(store, id, 'a'), await judge(store, id, 'a')]).toEqual([true, true]);
    }));

  test('a batch that did not end is taken up: done stays done, in flight is lost, failed is tried again', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a', 'b', 'c', 'd']));
      await judge(store, id, 'a');
      await beginAttempt(store, { batchId: id, purl: 'pkg:npm/b@1.0.0' }, NOW);
      const failed = await beginAttempt(store, { batchId: id, purl: 'pkg:npm/c@1.0.0' }, NOW);
      await failJob(store, failed, { detail: 'no', failure: '{}', now: NOW });
      const stopped = await beginAttempt(store, { batchId: id, purl: 'pkg:npm/d@1.0.0' }, NOW);
      await endAttempt(store, stopped, { outcome: 'stopped', detail: null, now: NOW });
      expect(await beginBatch(store, batchOf(['a', 'b', 'c', 'd'], { now: later(1) }))).toEqual({
        id,
        isResumed: true,
      });
      expect(await statesOf(store, id)).toEqual([
        ['a', 'done', 'result of a'],
        ['b', 'waiting', null],
        ['c', 'waiting', null],
        ['d', 'waiting', null],
      ]);
      expect(
        (await attemptsOf(store)).map(({ purl, outcome }) => `${purl} ${outcome ?? ''}`).toSorted(),
      ).toEqual([
        'pkg:npm/a@1.0.0 judged',
        'pkg:npm/b@1.0.0 lost',
        'pkg:npm/c@1.0.0 failed',
        'pkg:npm/d@1.0.0 stopped',
      ]);
      expect(await beginAttempt(store, { batchId: id, purl: 'pkg:npm/b@1.0.0' }, NOW)).toMatchObject({
        number: 2,
      });
    }));

  test('a batch that ended is not taken up', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      await endBatch(store, id, { counts: '{}', now: NOW });
      expect(await beginBatch(store, batchOf(['a']))).toMatchObject({ isResumed: false });
    }));

  test('a batch that another process works on is left to it, until its lease is over', () =>
    withStore(kind, async (store) => {
      // Of another machine: nobody can see whether it lives.
      const other = batchOf(['a'], { owner: 'elsewhere.1.1' });
      const { id } = await beginBatch(store, other);
      await expect(beginBatch(store, batchOf(['a'], { now: later(LEASE_MS - 1) }))).rejects.toMatchObject({
        code: 'usage',
      });
      await renewLease(store, id, later(LEASE_MS));
      await expect(beginBatch(store, batchOf(['a'], { now: later(LEASE_MS + 1) }))).rejects.toMatchObject({
        code: 'usage',
      });
      const over = batchOf(['a'], { now: later(2 * LEASE_MS) });
      expect(await beginBatch(store, over)).toEqual({ id, isResumed: true });
    }));

  test('a batch that was let go can be taken up at once', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a'], { owner: 'elsewhere.1.1' }));
      await releaseBatch(store, id);
      expect(await beginBatch(store, batchOf(['a']))).toEqual({ id, isResumed: true });
    }));

  const ending = { counts: '{}', now: NOW };
  test.each([
    ['a fresh result', {}, 'done'],
    ['one of other terms', { terms: 'others' }, 'waiting'],
    ['one with other digests expected', { expected: '[["x"]]' }, 'waiting'],
    ['one that is too old', { finished_at: later(-DAY_MS - 1).toISOString() }, 'waiting'],
    [
      'one from the future, by a clock that was wrong',
      { finished_at: later(DAY_MS).toISOString() },
      'waiting',
    ],
    ['one of this moment that another try may change', { is_settled: 0 }, 'done'],
    [
      'an older one that another try may change',
      { is_settled: 0, finished_at: later(-1001).toISOString() },
      'waiting',
    ],
    ['one that ran out of less time', { reason: 'timed-out', limit_ms: 999 }, 'waiting'],
    ['one that ran out of as much time', { reason: 'timed-out', limit_ms: 1000 }, 'done'],
  ] as const)('a new batch begins with %s as %s', async (_, row, state) => {
    await withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      await judge(store, id, 'a', row);
      await endBatch(store, id, ending);
      const next = await beginBatch(store, batchOf(['a', 'b'], { key: 'other' }));
      expect(await statesOf(store, next.id)).toEqual([
        ['a', state, state === 'done' ? 'result of a' : null],
        ['b', 'waiting', null],
      ]);
    });
  });

  test('of two fresh results the later one stands', () =>
    withStore(kind, async (store) => {
      for (const [id, at] of [
        ['new', NOW],
        ['old', later(-1000)],
      ] as const) {
        const begun = await beginBatch(
          store,
          batchOf(['a'], { key: id, fresh: { ...FRESH, terms: 'none' } }),
        );
        await judge(store, begun.id, 'a', { id, finished_at: at.toISOString() });
      }
      const next = await beginBatch(store, batchOf(['a'], { key: 'next' }));
      expect(await statesOf(store, next.id)).toEqual([['a', 'done', 'new']]);
    }));

  test('takes more jobs than one statement has room for', () =>
    withStore(kind, async (store) => {
      const names = Array.from({ length: 1203 }, (_, index) => `p${index}`);
      const { id } = await beginBatch(store, batchOf(names));
      expect((await jobsOf(store, id)).map((job) => job.name).toSorted()).toEqual(names.toSorted());
      expect((await durationsOf(store, names)).size).toBe(0);
    }));

  test('text that no file of a database likes comes back as it was', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      const document = divergedDocument({
        reason: { code: 'no-repository', message: '\0 \u{1f600} \ud800 \' " \\ \u202e' },
      });
      const attempt = await beginAttempt(store, { batchId: id, purl: 'pkg:npm/a@1.0.0' }, NOW);
      await finishJob(store, attempt, { ...resultOf('a'), document: JSON.stringify(document) }, { now: NOW });
      expect(await all(documentsOf(store, ['result of a']))).toEqual([document]);
    }));

  test('a document that is none is said to be', () =>
    withStore(kind, async (store) => {
      const { id } = await beginBatch(store, batchOf(['a']));
      const attempt = await beginAttempt(store, { batchId: id, purl: 'pkg:npm/a@1.0.0' }, NOW);
      await finishJob(store, attempt, { ...resultOf('a'), document: '{"schemaVersion":1' }, { now: NOW });
      await expect(all(documentsOf(store, ['result of a']))).rejects.toMatchObject({
        code: 'store-failed',
      });
    }));

  test('is opened again with what it holds', async () => {
    const location = kind.location();
    const first = await openStore(location);
    const { id } = await beginBatch(first, batchOf(['a']));
    await first.close();
    const second = await openStore(location);
    expect(await statesOf(second, id)).toEqual([['a', 'waiting', null]]);
    await second.close();
  });

  test('a store that a newer version wrote is refused, and left as it is', async () => {
    const location = kind.location();
    await (await openStore(location)).close();
    kind.sql(
      location,
      "insert into kysely_migration values ('0999-from-the-future', '2027-01-01T00:00:00.000Z')",
    );
    await expect(openStore(location)).rejects.toMatchObject({
      code: 'store-failed',
      text: { why: expect.stringContaining('0999-from-the-future') as string },
    });
  });

  test('several processes can make the same store at once', { timeout: 60_000 }, async () => {
    const location = kind.location();
    const script = `import { openStore } from '${new URL('../../src/store/open.ts', import.meta.url).href}';
      await (await openStore(process.argv[1])).close();`;
    const codes = [1, 2, 3].map(() => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, location], {
        stdio: 'inherit',
      });
      return new Promise((resolve) => child.once('exit', resolve));
    });
    expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  });
});

describe('where a store can be', () => {
  test.each(['', 'mysql://host/database', 'http://host/', 'postgres://[/x'])(
    '%j is refused',
    async (location) => {
      await expect(openStore(location)).rejects.toMatchObject({ code: 'usage' });
    },
  );

  test('a file that is no database is refused and left as it is', async () => {
    const kind = await STORE_KINDS.sqlite();
    const file = kind.location();
    writeFileSync(
      file,
      'something that somebody wants to keep, longer than a header of SQLite is: '.repeat(3),
    );
    await expect(openStore(file)).rejects.toMatchObject({ code: 'store-failed' });
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
    await kind.close();
  });

  test('a folder that is not there is said to be', async () => {
    await expect(openStore('/nonexistent/store.sqlite')).rejects.toMatchObject({
      code: 'store-failed',
      text: { next: expect.stringContaining('folder exists') as string },
    });
  });

  test('the password of an address is shown to nobody', async () => {
    const opening = openStore('postgres://someone:secret@127.0.0.1:9/none?password=secret');
    await expect(opening).rejects.toMatchObject({ code: 'store-failed' });
    await expect(opening).rejects.not.toThrow('secret');
  });
});
