import type { Kysely } from 'kysely';

/** One notification on its way to one place. */
export interface NoticeRow {
  /** The same for every place and every try: whoever gets it twice can tell. */
  readonly id: string;
  /** sha256 of the place's address: addresses can be secrets. */
  readonly target: string;
  /** The document, exactly as it is sent. */
  readonly body: string;
  readonly created_at: string;
  /** How often it was tried. */
  readonly tries: number;
  /** Not before this. */
  readonly due_at: string;
  /** Null while it is to be tried again. */
  readonly ended_at: string | null;
  readonly outcome: 'delivered' | 'given-up' | null;
  /** Why the last try failed; null when none did. */
  readonly detail: string | null;
}

/** The migration that makes the table. */
export async function createNotices(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('outcome', 'text')
    .addColumn('detail', 'text')
    .addPrimaryKeyConstraint('notices_key', ['id', 'target'])
    .execute();
  await db.schema
    .createIndex('notices_by_target')
    .on('notices')
    .columns(['target', 'ended_at', 'due_at'])
    .execute();
}
