import type { NoticeRow } from './notice-tables.ts';
import type { Queries, Store } from './open.ts';
import { storable } from './text.ts';

/** Something to tell, before it is said to whom. */
export type NewNotice = Pick<NoticeRow, 'id' | 'body'>;

export type Notice = Pick<NoticeRow, 'id' | 'target' | 'body' | 'tries' | 'due_at'>;

/** Puts notifications into the outbox, each once, whoever does so again. In the transaction of what they tell of. */
export async function putNotices(
  db: Queries,
  notices: readonly NewNotice[],
  to: { readonly targets: readonly string[]; readonly now: Date },
): Promise<void> {
  const at = to.now.toISOString();
  const rows = notices.flatMap(({ id, body }) =>
    to.targets.map((target): NoticeRow => {
      const state = { tries: 0, due_at: at, ended_at: null, outcome: null, detail: null };
      return { id, target, body, created_at: at, ...state };
    }),
  );
  if (rows.length === 0) return;
  await db
    .insertInto('notices')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The next notification that a place is to get; null when there is none left. */
export function nextNotice(store: Store, target: string): Promise<Notice | null> {
  return store.query(async (db) => {
    const row = await db
      .selectFrom('notices')
      .select(['id', 'target', 'body', 'tries', 'due_at'])
      .where('ended_at', 'is', null)
      .where('target', '=', target)
      .orderBy('due_at')
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  });
}

/**
 * Takes a notification to try it. Until `again` no other process does.
 *
 * @returns false when another one took it first
 */
export async function takeNotice(store: Store, notice: Notice, again: Date): Promise<boolean> {
  const { numUpdatedRows } = await store.query((db) =>
    db
      .updateTable('notices')
      .set({ tries: notice.tries + 1, due_at: again.toISOString() })
      .where('id', '=', notice.id)
      .where('target', '=', notice.target)
      .where('tries', '=', notice.tries)
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow(),
  );
  return numUpdatedRows === 1n;
}

/** Writes down how a try went: delivered, given up, or to be tried again at `due`. */
export async function endTry(
  store: Store,
  { id, target }: Notice,
  end: {
    readonly outcome: NoticeRow['outcome'];
    readonly due: Date;
    readonly detail: string | null;
    readonly now: Date;
  },
): Promise<void> {
  const { outcome, due, now } = end;
  const detail = end.detail === null ? null : storable(end.detail);
  const ended_at = outcome === null ? null : now.toISOString();
  await store.query((db) =>
    db
      .updateTable('notices')
      .set({ outcome, ended_at, due_at: due.toISOString(), detail })
      .where('id', '=', id)
      .where('target', '=', target)
      .execute(),
  );
}
