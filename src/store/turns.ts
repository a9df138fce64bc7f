import type { Queries, Store } from './open.ts';
import { serverNow } from './server-clock.ts';

/** Something that all workers together ask only so often. */
export interface Limit {
  readonly key: string;
  readonly perMinute: number;
}

const MINUTE_MS = 60_000;

/**
 * Takes the next free turn of each of these, all or none.
 *
 * @param longestMs when it is not free within so long, none is taken
 * @returns how long to wait for it, milliseconds
 */
export function takeTurns(store: Store, limits: readonly Limit[], longestMs: number): Promise<number> {
  if (limits.length === 0) return Promise.resolve(0);
  // Everybody locks in the same order, and so nobody waits in a ring.
  const ordered = limits.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return store.transaction(async (db) => {
    const known = await lockTurns(db, ordered);
    const now = (await serverNow(db)).getTime();
    const turns = ordered.map((limit) => nextTurn({ limit, nextAt: known.get(limit.key), now, longestMs }));
    const waitMs = Math.max(...turns.map(({ at }) => at - now));
    if (waitMs > longestMs) return waitMs;
    for (const { key, nextAt } of turns)
      await db
        .updateTable('turns')
        .set({ next_at: new Date(nextAt + waitMs).toISOString() })
        .where('key', '=', key)
        .execute();
    return waitMs;
  });
}

async function lockTurns(db: Queries, limits: readonly Limit[]): Promise<ReadonlyMap<string, string>> {
  const rows = limits.map(({ key }) => ({ key, next_at: new Date(0).toISOString() }));
  await db
    .insertInto('turns')
    .values(rows)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const keys = limits.map(({ key }) => key);
  const locked = await db
    .selectFrom('turns')
    .selectAll()
    .where('key', 'in', keys)
    .orderBy('key')
    .forUpdate()
    .execute();
  return new Map(locked.map(({ key, next_at: at }) => [key, at]));
}

/**
 * When one may be asked, and how far that moves the next one from now. No turn is ever given further ahead than `longestMs` and one
 * interval: what lies beyond was written before the server's clock jumped back, and does not count. Pure.
 */
export function nextTurn(options: {
  readonly limit: Limit;
  /** ISO 8601. */
  readonly nextAt: string | undefined;
  /** Milliseconds. */
  readonly now: number;
  readonly longestMs: number;
}): { readonly key: string; readonly at: number; readonly nextAt: number } {
  const { limit, now, longestMs } = options;
  const intervalMs = MINUTE_MS / limit.perMinute;
  const stated = Date.parse(options.nextAt ?? '');
  const isPossible = stated > now && stated <= now + longestMs + intervalMs;
  const at = isPossible ? stated : now;
  return { key: limit.key, at, nextAt: now + intervalMs };
}
