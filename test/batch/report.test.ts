import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportOfBatch } from '../../src/batch/report.ts';
import { BATCH_FORMATS } from '../../src/report/batch-formats.ts';
import { CHANGES } from '../../src/report/changes.ts';
import { beginBatch, endBatch } from '../../src/store/batches.ts';
import { countOutcomes, findBatch } from '../../src/store/history.ts';
import { beginAttempt, failJob, finishJob } from '../../src/store/jobs.ts';
import type { Store } from '../../src/store/open.ts';
import type { ResultRow } from '../../src/store/schema.ts';
import { STORE_KINDS, type StoreKind, withStore } from '../support/stores.ts';

const DAY_MS = 86_400_000;
const FIRST_NIGHT = Date.parse('2026-03-01T03:00:00.000Z');
const HOSTILE = '</script><b>`x` @everyone \u202e\u0007';

type Night = Readonly<Record<string, Partial<ResultRow> | 'fails' | 'known'>>;

/** One night: by `name@version`, what came out; `known` stands from the night before, of the terms `kept`. */
async function night(store: Store, index: number, packages: Night): Promise<void> {
  const now = new Date(FIRST_NIGHT + index * DAY_MS);
  const jobs = Object.keys(packages).map((spec, line) => {
    const [name = '', version = ''] = spec.split('@');
    const places = [{ file: 'package-lock.json', line: line + 1, project: '.', path: ['top@1.0.0', spec] }];
    return { purl: `pkg:npm/${spec}`, name, version, expected: '[]', places: JSON.stringify(places) };
  });
  const fresh = { terms: 'kept', notBefore: new Date(0), unsettledNotBefore: new Date(0), limitMs: 0 };
  const { id } = await beginBatch(store, {
    series: HOSTILE,
    key: String(index),
    jobs,
    owner: 'bench.1.1',
    now,
    fresh,
    terms: '{}',
    queue: null,
  });
  for (const { purl, name, version } of jobs) {
    const row = packages[`${name}@${version}`];
    if (row === 'known' || row === undefined) continue;
    const attempt = await beginAttempt(store, { batchId: id, purl }, now);
    if (row === 'fails') {
      const text = { what: 'It broke.', why: 'For a reason.', next: 'Try again.' };
      await failJob(store, attempt, {
        detail: null,
        failure: JSON.stringify({ code: 'internal', text }),
        now,
      });
      continue;
    }
    const result: ResultRow = {
      id: `${index} ${purl}`,
      purl,
      name,
      version,
      terms: 'done anew',
      expected: '[]',
      verdict: 'reproduced',
      level: 'bytes',
      severity: 'none',
      reason: null,
      summary: HOSTILE,
      sha512: 'a',
      repository: 'https://git.example/owner/name',
      commit_id: 'c',
      ref: 'refs/tags/v1',
      is_settled: 1,
      finished_at: now.toISOString(),
      duration_ms: 1,
      limit_ms: 1,
      ...row,
    };
    await finishJob(store, attempt, { row: result, document: '{}', attestations: [] }, { now });
  }
  await endBatch(store, id, { counts: JSON.stringify(await countOutcomes(store, id)), now });
}

async function latest(store: Store) {
  const batch = await findBatch(store, { id: null, series: null });
  if (batch === null) throw new Error('There is a batch.');
  return reportOfBatch(store, batch);
}

const DIVERGED = { verdict: 'diverged', level: null, severity: 'critical' } as const;
const UNVERIFIABLE = { verdict: 'unverifiable', level: null, reason: 'build-failed' } as const;

describe.each(['sqlite', 'postgres'] as const)('the report of a batch in %s', (name) => {
  let kind: StoreKind;
  beforeAll(async () => {
    kind = await STORE_KINDS[name]();
  });
  afterAll(() => kind.close());

  test('says what came out, what changed, and how it goes', () =>
    withStore(kind, async (store) => {
      await night(store, 0, {
        'same@1.0.0': { terms: 'kept' },
        'turns@1.0.0': {},
        'up@1.0.0': {},
        'gone@1.0.0': {},
      });
      await night(store, 1, {
        'broken@1.0.0': 'fails',
        'new@1.0.0': UNVERIFIABLE,
        'same@1.0.0': 'known',
        'turns@1.0.0': { ...DIVERGED, sha512: 'b' },
        'up@2.0.0': DIVERGED,
      });
      const report = await latest(store);
      expect(report).toMatchObject({
        counts: { total: 5, reproduced: 1, diverged: 2, unverifiable: 1, failed: 1, waiting: 0 },
        previous: { startedAt: '2026-03-01T03:00:00.000Z' },
        reasons: [{ reason: 'build-failed', count: 1 }],
        history: [{ counts: { total: 4, reproduced: 4 } }, { counts: { total: 5, reproduced: 1 } }],
        leftOut: { changes: 0, lines: 0 },
      });
      expect(report.changes.map((one) => `${one.kind} ${one.name}:${one.places[0]?.line ?? 0}`)).toEqual([
        'bytes-changed turns:4',
        'no-longer-reproduced turns:4',
        'upgrade-diverged up:5',
        'new-unverifiable new:2',
      ]);
      expect(report.lines.map(({ name: one, verdict, severity }) => `${one} ${verdict} ${severity}`)).toEqual(
        ['turns diverged critical', 'up diverged critical', 'broken failed none'],
      );
    }));

  test('attack: a night on which nothing could be looked at hides no change between the nights around it', () =>
    withStore(kind, async (store) => {
      await night(store, 0, { 'bytes@1.0.0': {}, 'turns@1.0.0': {}, 'up@1.0.0': {} });
      const nothing = { 'bytes@1.0.0': 'fails', 'turns@1.0.0': 'fails', 'up@1.0.0': 'fails' } as const;
      await night(store, 1, nothing);
      await night(store, 2, nothing);
      await night(store, 3, {
        'bytes@1.0.0': { sha512: 'b' },
        'turns@1.0.0': DIVERGED,
        'up@2.0.0': DIVERGED,
      });
      const { changes } = await latest(store);
      expect(changes.map((one) => `${one.kind} ${one.name}`)).toEqual([
        'bytes-changed bytes',
        'no-longer-reproduced turns',
        'upgrade-diverged up',
      ]);
    }));

  test('the first batch of a series has nothing to be compared with', () =>
    withStore(kind, async (store) => {
      await night(store, 0, { 'a@1.0.0': {}, 'b@1.0.0': DIVERGED });
      expect(await latest(store)).toMatchObject({ previous: null, changes: [], history: [{}] });
    }));

  test.each(['text', 'markdown', 'html', 'sarif', 'json'] as const)(
    '%s lets nothing from outside leave its place',
    async (format) => {
      await withStore(kind, async (store) => {
        await night(store, 0, { 'a@1.0.0': {} });
        await night(store, 1, { 'a@1.0.0': DIVERGED, 'b@1.0.0': UNVERIFIABLE });
        const text = BATCH_FORMATS[format](await latest(store), { color: false, width: 100 });
        expect(text).not.toMatch(/[\u202e\u0007]/);
        if (format === 'html') expect(text).not.toContain('<b>');
        if (format === 'markdown') expect(text).not.toMatch(/^[^`]*@everyone/m);
        expect(text).toContain('a@1.0.0');
      });
    },
  );
});

test('every kind of change is on its page', () => {
  const page = readFileSync(new URL('../../docs/batch.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\| (\w+) /gm)].map(([, kind, severity]) => [
    kind,
    severity,
  ]);
  expect(rows).toEqual(Object.entries(CHANGES).map(([kind, { severity }]) => [kind, severity]));
});
