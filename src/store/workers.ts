import { randomUUID } from 'node:crypto';
import type { Queries, Store } from './open.ts';
import type { WorkerRow } from './schema.ts';
import { serverNow } from './server-clock.ts';

export type NewWorker = Pick<WorkerRow, 'owner' | 'host' | 'queue' | 'terms' | 'slots'>;

/** A worker that said nothing for so long is not counted on. */
const SILENT_MS = 60_000;
/** For so long it is remembered which terms a worker had that is not there now. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000;

/**
 * Writes down that a worker begins, and forgets those of long ago.
 *
 * @returns its id
 */
export function beginWorker(store: Store, worker: NewWorker): Promise<string> {
  const id = randomUUID();
  return store.transaction(async (db) => {
    const now = await serverNow(db);
    const at = now.toISOString();
    const forgotten = new Date(now.getTime() - REMEMBERED_MS).toISOString();
    await db.deleteFrom('workers').where('seen_at', '<', forgotten).execute();
    await db
      .insertInto('workers')
      .values({ ...worker, id, started_at: at, seen_at: at, ended_at: null })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return id;
  });
}

/** Writes down that it is still there, and gives the server's time. */
export async function sawWorker(db: Queries, id: string): Promise<Date> {
  const now = await serverNow(db);
  await db.updateTable('workers').set({ seen_at: now.toISOString() }).where('id', '=', id).execute();
  return now;
}

/** Writes down that it ended as it should. */
export async function endWorker(store: Store, id: string): Promise<void> {
  await store.query(async (db) => {
    const ended_at = (await serverNow(db)).toISOString();
    await db.updateTable('workers').set({ ended_at }).where('id', '=', id).execute();
  });
}

/** A worker that is or was there, the latest first. */
export interface KnownWorker extends Pick<WorkerRow, 'id' | 'host' | 'queue' | 'terms' | 'slots'> {
  /** Whether it takes jobs now. */
  readonly isThere: boolean;
}

/** The workers of the last weeks, the latest first. */
export function knownWorkers(store: Store): Promise<readonly KnownWorker[]> {
  return store.query(async (db) => {
    const silentSince = new Date((await serverNow(db)).getTime() - SILENT_MS).toISOString();
    const rows = await db.selectFrom('workers').selectAll().orderBy('seen_at', 'desc').execute();
    return rows.map(({ id, host, queue, terms, slots, seen_at: seen, ended_at: ended }) => ({
      id,
      host,
      queue,
      terms,
      slots,
      isThere: ended === null && seen >= silentSince,
    }));
  });
}
