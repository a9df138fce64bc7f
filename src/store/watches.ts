import type { Validators } from '../model/releases.ts';
import { chunksOf } from './chunks.ts';
import type { Queries, Store } from './open.ts';
import type { WatchedRow, WatchRow } from './watch-tables.ts';

/** A package to watch. */
export type Watched = Pick<WatchedRow, 'package' | 'ecosystem' | 'name'>;

/** A package that the registry is to be asked for, and what is known of its document. */
export type Due = Watched & Validators;

export interface WatchedList {
  readonly series: string;
  readonly feed: string | null;
  readonly packages: readonly Watched[];
  /** `part`: some of the list could not be read, and what is not in it may be in the rest. */
  readonly extent: 'all' | 'part';
}

/**
 * Takes up the watch of a list, or begins it. Packages that are new in the list are marked to be asked for; those that left it are
 * forgotten, so that what is published meanwhile is not new when they come back.
 */
export function openWatch(store: Store, list: WatchedList): Promise<WatchRow> {
  const { series, feed } = list;
  return store.transaction(async (db) => {
    const before = await watchOf(db, series);
    const fresh = { series, feed, position: null, swept_at: null };
    if (before === undefined) await db.insertInto('watches').values(fresh).execute();
    // A position means nothing to another feed.
    else if (before.feed !== feed)
      await db.updateTable('watches').set(fresh).where('series', '=', series).execute();
    await setPackages(db, list);
    return (await watchOf(db, series)) ?? fresh;
  });
}

function watchOf(db: Queries, series: string): Promise<WatchRow | undefined> {
  return db.selectFrom('watches').selectAll().where('series', '=', series).executeTakeFirst();
}

async function setPackages(db: Queries, { series, packages, extent }: WatchedList): Promise<void> {
  const rows = await db.selectFrom('watched').select('package').where('series', '=', series).execute();
  const known = new Set(rows.map((row) => row.package));
  const listed = new Set(packages.map((one) => one.package));
  const gone = [...known].filter((one) => !listed.has(one));
  for (const chunk of extent === 'all' ? chunksOf(gone) : [])
    await db
      .deleteFrom('watched')
      .where('series', '=', series)
      .where('package', 'in', [...chunk])
      .execute();
  for (const chunk of chunksOf(packages.filter((one) => !known.has(one.package)))) {
    const state = { series, is_due: 1, versions: null, etag: null, last_modified: null };
    await db
      .insertInto('watched')
      .values(chunk.map((one) => ({ ...one, ...state })))
      .execute();
  }
}

/** Marks every package to be asked for. */
export function sweep(store: Store, series: string, now: Date): Promise<void> {
  return store.transaction(async (db) => {
    await db.updateTable('watched').set({ is_due: 1 }).where('series', '=', series).execute();
    await db
      .updateTable('watches')
      .set({ swept_at: now.toISOString() })
      .where('series', '=', series)
      .execute();
  });
}

/** Goes on in the feed: marks the packages that it named, and writes down how far it was read. */
export function advance(
  store: Store,
  series: string,
  read: { readonly position: string; readonly packages: readonly string[] },
): Promise<void> {
  return store.transaction(async (db) => {
    for (const chunk of chunksOf(read.packages))
      await db
        .updateTable('watched')
        .set({ is_due: 1 })
        .where('series', '=', series)
        .where('package', 'in', [...chunk])
        .execute();
    await db.updateTable('watches').set({ position: read.position }).where('series', '=', series).execute();
  });
}

/** The packages of a list that the registry is to be asked for. */
export async function dueOf(store: Store, series: string): Promise<readonly Due[]> {
  const rows = await store.query((db) =>
    db
      .selectFrom('watched')
      .select(['package', 'ecosystem', 'name', 'etag', 'last_modified'])
      .where('series', '=', series)
      .where('is_due', '=', 1)
      .orderBy('package')
      .execute(),
  );
  return rows.map(({ last_modified: lastModified, ...rest }) => ({ ...rest, lastModified }));
}

/** Writes down that the document of a package is as it was. */
export async function keepVersions(store: Store, series: string, name: string): Promise<void> {
  await store.query((db) =>
    db
      .updateTable('watched')
      .set({ is_due: 0 })
      .where('series', '=', series)
      .where('package', '=', name)
      .execute(),
  );
}

export interface Published extends Validators {
  readonly series: string;
  readonly package: string;
  readonly versions: readonly string[];
}

/**
 * Writes down which versions of a package there are. Those that were never seen are handed to `store`, in the same transaction:
 * whatever happens, none is forgotten and none comes twice. What was seen stays seen, also when the registry takes it back.
 *
 * @param add stores what is to become of new versions; `isFirst` when nothing was known of the package before
 */
export function recordVersions(
  store: Store,
  { series, package: name, versions, etag, lastModified }: Published,
  add: (
    db: Queries,
    found: { readonly unseen: readonly string[]; readonly isFirst: boolean },
  ) => Promise<void>,
): Promise<void> {
  return store.transaction(async (db) => {
    const row = await db
      .selectFrom('watched')
      .select('versions')
      .where('series', '=', series)
      .where('package', '=', name)
      .executeTakeFirst();
    if (row === undefined) return;
    const known = new Set(row.versions === null ? [] : (JSON.parse(row.versions) as readonly string[]));
    const unseen = versions.filter((one) => !known.has(one));
    await add(db, { unseen, isFirst: row.versions === null });
    const seen = JSON.stringify([...known, ...unseen]);
    await db
      .updateTable('watched')
      .set({ is_due: 0, versions: seen, etag, last_modified: lastModified })
      .where('series', '=', series)
      .where('package', '=', name)
      .execute();
  });
}
