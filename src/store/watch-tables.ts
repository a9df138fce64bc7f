import type { Kysely } from 'kysely';

/** A list of packages whose new versions are verified. */
export interface WatchRow {
  /** That of its batches. */
  readonly series: string;
  /** Where the registry tells its changes; null: each package is asked for. */
  readonly feed: string | null;
  /** Up to where the feed was read; null: not at all. */
  readonly position: string | null;
  /** When every package was last marked to be asked for. */
  readonly swept_at: string | null;
}

/** A package of such a list. */
export interface WatchedRow {
  readonly series: string;
  /** A purl without a version. */
  readonly package: string;
  readonly ecosystem: string;
  readonly name: string;
  /** 1: the registry is to be asked for it. */
  readonly is_due: number;
  /** `readonly string[]` as JSON: every version that was ever seen; null before the registry gave an answer. */
  readonly versions: string | null;
  readonly etag: string | null;
  readonly last_modified: string | null;
}

/** A version that is to be verified, or was. */
export interface SightingRow {
  readonly series: string;
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  /** `new`: published while the list was watched. `listed`: there before, and its user wants to know all the same. */
  readonly kind: 'new' | 'listed';
  readonly seen_at: string;
  /** As in its job. */
  readonly expected: string;
  readonly places: string;
  /** When its result was told; null until then. */
  readonly told_at: string | null;
}

/** The migration that makes the tables. */
export async function createWatches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('watches')
    .addColumn('series', 'text', (column) => column.primaryKey())
    .addColumn('feed', 'text')
    .addColumn('position', 'text')
    .addColumn('swept_at', 'text')
    .execute();
  await db.schema
    .createTable('watched')
    .addColumn('series', 'text', (column) => column.notNull())
    .addColumn('package', 'text', (column) => column.notNull())
    .addColumn('ecosystem', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('is_due', 'integer', (column) => column.notNull())
    .addColumn('versions', 'text')
    .addColumn('etag', 'text')
    .addColumn('last_modified', 'text')
    .addPrimaryKeyConstraint('watched_key', ['series', 'package'])
    .execute();
  await db.schema
    .createTable('sightings')
    .addColumn('series', 'text', (column) => column.notNull())
    .addColumn('purl', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'text', (column) => column.notNull())
    .addColumn('expected', 'text', (column) => column.notNull())
    .addColumn('places', 'text', (column) => column.notNull())
    .addColumn('told_at', 'text')
    .addPrimaryKeyConstraint('sightings_key', ['series', 'purl'])
    .execute();
}
