import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Dialect, SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely';

/** How long a statement waits for another process that writes, milliseconds. */
const BUSY_MS = 30_000;

/**
 * Kysely's SQLite dialect on the SQLite that Node itself has.
 *
 * @throws Error of `node:sqlite`, with its `errcode`
 */
export function sqliteDialect(file: string): Dialect {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: BUSY_MS });
  // Readers do not wait for whoever writes, and a killed process leaves nothing half-written (https://sqlite.org/wal.html).
  database.exec('pragma journal_mode = wal');
  // A result is worth minutes: it is on the disk before anybody is told of it.
  database.exec('pragma synchronous = full');
  return new TransactionalDialect({ database: asKyselyTakesIt(database) });
}

/** SQLite can undo changes of a schema (https://sqlite.org/lang_transaction.html): a killed migration leaves none of it. */
class TransactionalDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

const NOTHING_TO_DO: ReturnType<SqliteDatabase['prepare']> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function asKyselyTakesIt(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (sql) => {
      // After a full disk SQLite has undone it by itself (https://sqlite.org/lang_transaction.html, section 3).
      if (sql === 'rollback' && !database.isTransaction) return NOTHING_TO_DO;
      // A transaction that begins as a reader may not wait when it comes to write.
      const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql);
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...(values as SQLInputValue[])),
        run: (values) => statement.run(...(values as SQLInputValue[])),
        iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
      };
    },
  };
}
