import { z } from 'zod';
import type { BatchCounts, ReasonCount } from '../report/batch-report.ts';
import { chunksOf } from './chunks.ts';
import type { Queries, Store } from './open.ts';
import type { BatchRow, JobRow, ResultRow } from './schema.ts';

/** How one package version of a batch came out, in few words: a batch can have a hundred thousand. */
export interface Outcome extends Pick<JobRow, 'purl' | 'name' | 'version' | 'state' | 'result_id'> {
  /** Null, like all that follows, when there is no result. */
  readonly verdict: ResultRow['verdict'] | null;
  readonly severity: ResultRow['severity'] | null;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly sha512: string | null;
  readonly repository: string | null;
  readonly commit_id: string | null;
  readonly ref: string | null;
}

/** A batch that was asked for by its id, or the latest one: of a series, or of all. */
export function findBatch(
  store: Store,
  wanted: { readonly id: string | null; readonly series: string | null },
): Promise<BatchRow | null> {
  return store.query(async (db) => {
    let query = db.selectFrom('batches').selectAll();
    if (wanted.id !== null) query = query.where('id', '=', wanted.id);
    if (wanted.series !== null) query = query.where('series', '=', wanted.series);
    return (await query.orderBy('started_at', 'desc').limit(1).executeTakeFirst()) ?? null;
  });
}

/** The batches of the same series that ended before a batch began, the latest first. */
export function batchesBefore(store: Store, batch: BatchRow, most: number): Promise<readonly BatchRow[]> {
  return store.query((db) =>
    db
      .selectFrom('batches')
      .selectAll()
      .where('series', '=', batch.series)
      .where('ended_at', 'is not', null)
      .where('started_at', '<', batch.started_at)
      .orderBy('started_at', 'desc')
      .limit(most)
      .execute(),
  );
}

/** How some package versions of a batch came out. */
export async function outcomesOf(
  store: Store,
  batchId: string,
  purls: readonly string[],
): Promise<readonly Outcome[]> {
  const found: Outcome[] = [];
  for (const chunk of chunksOf(purls))
    found.push(
      ...(await store.query((db) => outcomes(db, batchId).where('jobs.purl', 'in', chunk).execute())),
    );
  return found;
}

/** How package versions came out in the first of some batches in which they have a verdict; those that have none are left out. */
export async function lastKnownOutcomes(
  store: Store,
  batchIds: readonly string[],
  purls: readonly string[],
): Promise<readonly Outcome[]> {
  const found = new Map<string, Outcome>();
  for (const id of batchIds) {
    const left = purls.filter((purl) => !found.has(purl));
    if (left.length === 0) break;
    for (const one of await outcomesOf(store, id, left)) if (one.verdict !== null) found.set(one.purl, one);
  }
  return [...found.values()];
}

/** How those package versions of a batch came out that are not as they should be, by severity at least `medium` or diverged. */
export function alarmingOutcomes(store: Store, batchId: string): Promise<readonly Outcome[]> {
  return store.query((db) =>
    outcomes(db, batchId)
      .where((where) =>
        where.or([
          where('jobs.state', '=', 'failed'),
          where('results.verdict', '=', 'diverged'),
          where.and([
            where('results.verdict', '=', 'unverifiable'),
            where('results.severity', 'in', ['medium', 'high', 'critical']),
          ]),
        ]),
      )
      .execute(),
  );
}

function outcomes(db: Queries, batchId: string) {
  return db
    .selectFrom('jobs')
    .leftJoin('results', 'results.id', 'jobs.result_id')
    .select([
      'jobs.purl',
      'jobs.name',
      'jobs.version',
      'jobs.state',
      'jobs.result_id',
      'results.verdict',
      'results.severity',
      'results.reason',
      'results.summary',
      'results.sha512',
      'results.repository',
      'results.commit_id',
      'results.ref',
    ])
    .where('jobs.batch_id', '=', batchId)
    .orderBy('jobs.purl');
}

/** The package versions that came out otherwise in a batch than in an earlier one, or that only one of them has. */
export async function differingPurls(
  store: Store,
  batches: { readonly before: string; readonly now: string },
): Promise<{ readonly changed: readonly string[]; readonly gone: readonly string[] }> {
  const changed = await store.query((db) =>
    joined(db, batches.now, batches.before)
      .leftJoin('results as mine', 'mine.id', 'own.result_id')
      .leftJoin('results as theirs', 'theirs.id', 'other.result_id')
      .where((where) =>
        where.or([
          where('other.purl', 'is', null),
          where('mine.verdict', 'is distinct from', where.ref('theirs.verdict')),
          where('mine.sha512', 'is distinct from', where.ref('theirs.sha512')),
          where('mine.commit_id', 'is distinct from', where.ref('theirs.commit_id')),
        ]),
      )
      .execute(),
  );
  const gone = await store.query((db) =>
    joined(db, batches.before, batches.now).where('other.purl', 'is', null).execute(),
  );
  return { changed: changed.map(({ purl }) => purl), gone: gone.map(({ purl }) => purl) };
}

/** The jobs of one batch, each with that of the same package version in another, if it has one. */
function joined(db: Queries, own: string, other: string) {
  return db
    .selectFrom('jobs as own')
    .leftJoin('jobs as other', (join) =>
      join.onRef('other.purl', '=', 'own.purl').on('other.batch_id', '=', other),
    )
    .where('own.batch_id', '=', own)
    .select('own.purl');
}

/** Of the unverifiable package versions of a batch, how many have each reason; the most frequent first. */
export async function reasonsOf(store: Store, batchId: string): Promise<readonly ReasonCount[]> {
  const rows = await store.query((db) =>
    db
      .selectFrom('jobs')
      .innerJoin('results', 'results.id', 'jobs.result_id')
      .select(({ fn }) => ['results.reason', fn.countAll().as('count')])
      .where('jobs.batch_id', '=', batchId)
      .where('results.verdict', '=', 'unverifiable')
      .groupBy('results.reason')
      .execute(),
  );
  return rows
    .map(({ reason, count }) => ({ reason: reason ?? '', count: Number(count) }))
    .toSorted((a, b) => b.count - a.count);
}

/** Where package versions of a batch stand, and why those failed that did. */
export async function placesOf(
  store: Store,
  batchId: string,
  purls: readonly string[],
): Promise<ReadonlyMap<string, Pick<JobRow, 'places' | 'failure'>>> {
  const found = new Map<string, Pick<JobRow, 'places' | 'failure'>>();
  for (const chunk of chunksOf([...new Set(purls)])) {
    const rows = await store.query((db) =>
      db
        .selectFrom('jobs')
        .select(['purl', 'places', 'failure'])
        .where('batch_id', '=', batchId)
        .where('purl', 'in', chunk)
        .execute(),
    );
    for (const { purl, ...row } of rows) found.set(purl, row);
  }
  return found;
}

const Counts = z.object({
  total: z.int(),
  reproduced: z.int(),
  diverged: z.int(),
  unverifiable: z.int(),
  failed: z.int(),
  waiting: z.int(),
});

/** The counts that were stored with a batch that ended. */
export function storedCounts({ counts }: BatchRow): BatchCounts | null {
  return counts === null ? null : Counts.parse(JSON.parse(counts));
}

/** The counts of a batch as it is now. */
export async function countOutcomes(store: Store, batchId: string): Promise<BatchCounts> {
  const rows = await store.query((db) =>
    db
      .selectFrom('jobs')
      .leftJoin('results', 'results.id', 'jobs.result_id')
      .select(({ fn }) => ['jobs.state', 'results.verdict', fn.countAll().as('count')])
      .where('jobs.batch_id', '=', batchId)
      .groupBy(['jobs.state', 'results.verdict'])
      .execute(),
  );
  const counts = { total: 0, reproduced: 0, diverged: 0, unverifiable: 0, failed: 0, waiting: 0 };
  for (const { state, verdict, count } of rows) {
    const number = Number(count);
    counts.total += number;
    if (verdict !== null) counts[verdict] += number;
    else if (state !== 'done') counts[state] += number;
  }
  return counts;
}
