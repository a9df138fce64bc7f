import { z } from 'zod';
import type { BatchCounts } from '../report/batch-report.ts';
import { chunksOf } from './chunks.ts';
import type { Store } from './open.ts';
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
  return store.read(async (db) => {
    let query = db.selectFrom('batches').selectAll();
    if (wanted.id !== null) query = query.where('id', '=', wanted.id);
    if (wanted.series !== null) query = query.where('series', '=', wanted.series);
    return (await query.orderBy('started_at', 'desc').limit(1).executeTakeFirst()) ?? null;
  });
}

/** The batches of the same series that ended before a batch began, the latest first. */
export function batchesBefore(store: Store, batch: BatchRow, most: number): Promise<readonly BatchRow[]> {
  return store.read((db) =>
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

/** How the package versions of a batch came out. */
export function outcomesOf(store: Store, batchId: string): Promise<readonly Outcome[]> {
  return store.read((db) =>
    db
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
      .orderBy('jobs.purl')
      .execute(),
  );
}

/** Where package versions of a batch stand, and why those failed that did. */
export async function placesOf(
  store: Store,
  batchId: string,
  purls: readonly string[],
): Promise<ReadonlyMap<string, Pick<JobRow, 'places' | 'failure'>>> {
  const found = new Map<string, Pick<JobRow, 'places' | 'failure'>>();
  for (const chunk of chunksOf([...new Set(purls)])) {
    const rows = await store.read((db) =>
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
  const rows = await store.read((db) =>
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
