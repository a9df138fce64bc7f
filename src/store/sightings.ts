import { chunksOf } from './chunks.ts';
import type { Queries, Store } from './open.ts';
import type { JobRow, ResultRow } from './schema.ts';
import type { SightingRow } from './watch-tables.ts';

export type Sighting = Omit<SightingRow, 'told_at'>;

/** Adds versions to verify. One that is there already stays as it is. */
export async function addSightings(db: Queries, sightings: readonly Sighting[]): Promise<void> {
  for (const chunk of chunksOf(sightings))
    await db
      .insertInto('sightings')
      .values(chunk.map((one) => ({ ...one, told_at: null })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

/** A version whose result nobody was told yet. */
export interface Untold extends Sighting {
  /** The result, when there is one. */
  readonly result_id: string | null;
}

/** The versions of a list whose result nobody was told yet, the oldest first. */
export function untoldSightings(
  store: Store,
  batch: { readonly series: string; readonly id: string },
): Promise<readonly Untold[]> {
  return store.query((db) =>
    db
      .selectFrom('sightings')
      .leftJoin('jobs', (join) =>
        join.onRef('jobs.purl', '=', 'sightings.purl').on('jobs.batch_id', '=', batch.id),
      )
      .select([
        'sightings.series',
        'sightings.purl',
        'sightings.name',
        'sightings.version',
        'sightings.kind',
        'sightings.seen_at',
        'sightings.expected',
        'sightings.places',
        'jobs.result_id',
      ])
      .where('sightings.series', '=', batch.series)
      .where('sightings.told_at', 'is', null)
      .orderBy('sightings.seen_at')
      .orderBy('sightings.purl')
      .execute(),
  );
}

/** Makes a job of a version, or lets one that failed begin again. */
export function giveJob(store: Store, batchId: string, sighting: Sighting): Promise<void> {
  const { purl, name, version, expected, places } = sighting;
  const row: JobRow = {
    batch_id: batchId,
    purl,
    name,
    version,
    expected,
    places,
    state: 'waiting',
    result_id: null,
    failure: null,
  };
  return store.transaction(async (db) => {
    await db
      .insertInto('jobs')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await db
      .updateTable('jobs')
      .set({ state: 'waiting', failure: null })
      .where('batch_id', '=', batchId)
      .where('purl', '=', purl)
      .where('state', '=', 'failed')
      .execute();
  });
}

/** Writes down that the result of a version was told. In the transaction of what tells it. */
export async function markTold(
  db: Queries,
  { series, purl }: Pick<Sighting, 'series' | 'purl'>,
  now: Date,
): Promise<void> {
  await db
    .updateTable('sightings')
    .set({ told_at: now.toISOString() })
    .where('series', '=', series)
    .where('purl', '=', purl)
    .execute();
}

/** What the store knows of one version of a package. */
export type KnownResult = Pick<ResultRow, 'purl' | 'name' | 'version' | 'verdict' | 'reason'>;

/** The latest result of every version of a package, whichever batch gave it. */
export async function resultsOfPackage(store: Store, name: string): Promise<readonly KnownResult[]> {
  const rows = await store.query((db) =>
    db
      .selectFrom('results')
      .select(['purl', 'name', 'version', 'verdict', 'reason'])
      .where('name', '=', name)
      .orderBy('finished_at')
      .execute(),
  );
  return [...new Map(rows.map((row) => [row.purl, row])).values()];
}
