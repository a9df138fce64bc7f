import path from 'node:path';
import { openStore, type Store } from '../../src/store/open.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { temporaryFolder } from './repository.ts';

/** A kind of store, and where the tests' stores of that kind are. */
export interface StoreKind {
  readonly kind: 'sqlite' | 'postgres';
  /** The location of a new, empty store. */
  location(): string;
  /** Runs SQL in it, behind the store's back. */
  sql(location: string, text: string): void;
  close(): Promise<void>;
}

/** The kinds of store that all tests of stores run over. */
export const STORE_KINDS = { sqlite, postgres } as const satisfies Record<
  StoreKind['kind'],
  () => Promise<StoreKind>
>;

async function sqlite(): Promise<StoreKind> {
  const { DatabaseSync } = await import('node:sqlite');
  const folder = temporaryFolder();
  let files = 0;
  return {
    kind: 'sqlite',
    location() {
      files += 1;
      return path.join(folder.path, `store${files}.sqlite`);
    },
    sql(location, text) {
      const database = new DatabaseSync(location);
      database.exec(text);
      database.close();
    },
    close: () => Promise.resolve(folder.dispose()),
  };
}

async function postgres(): Promise<StoreKind> {
  const server: TestPostgres = await startPostgres();
  return {
    kind: 'postgres',
    location: () => server.database(),
    sql: (location, text) => void server.sql(location, text),
    close: () => server.remove(),
  };
}

/** Opens a new store and closes it when the work is done. */
export async function withStore<T>(kind: StoreKind, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(kind.location());
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
