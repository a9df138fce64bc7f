import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dialect, Kysely, type Transaction } from 'kysely';
import { ReproveError } from '../errors.ts';
import { asStoreFailure, isAway } from './failure.ts';
import { checkSchema, migrate } from './migrations.ts';
import type { Tables } from './schema.ts';

/** Queries, in a transaction or outside of one. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/** Where results are kept: an SQLite file or a PostgreSQL database, which answer the same queries. */
export interface Store {
  /** What to call it; without a password. */
  readonly name: string;
  /**
   * Runs queries. While a server is away they are run again until it is back or the patience is over, so they must be such that
   * twice is as good as once.
   *
   * @throws ReproveError `store-failed` when the database is full, read-only, damaged, away ...
   */
  query<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /** The same in a transaction: all of it is stored, or nothing. */
  transaction<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** How long a server may be away, milliseconds. */
  readonly patienceMs?: number;
  /** True: a file that is not there is not made. */
  readonly mustExist?: boolean;
}

const PATIENCE_MS = 5 * 60_000;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Opens a store, makes it when it is not there, and brings it up to this version.
 *
 * @param location the path of a file, or a `postgres:` URL
 * @throws ReproveError `usage`, or `store-failed` when it cannot be opened or a newer version has written it
 */
export async function openStore(location: string, options: OpenOptions = {}): Promise<Store> {
  const name = nameOf(location);
  if (options.mustExist === true && !isPostgres(location) && !existsSync(location)) throw notThere(location);
  try {
    const db = new Kysely<Tables>({ dialect: await dialectOf(location) });
    // A server that is not there at the start was named wrongly, more often than not.
    await migrate(db, name).catch(async (error: unknown) => {
      await db.destroy();
      throw error;
    });
    return new OpenedStore(db, name, options.patienceMs ?? PATIENCE_MS);
  } catch (error) {
    throw asStoreFailure(error, name);
  }
}

/**
 * Looks whether the store is still what this version knows.
 *
 * @throws ReproveError `store-failed` when a newer version has changed it meanwhile
 */
export async function checkStore(store: Store): Promise<void> {
  await store.query((db) => checkSchema(db, store.name));
}

class OpenedStore implements Store {
  readonly name: string;
  readonly #db: Kysely<Tables>;
  readonly #patienceMs: number;

  constructor(db: Kysely<Tables>, name: string, patienceMs: number) {
    this.#db = db;
    this.name = name;
    this.#patienceMs = patienceMs;
  }

  query<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    return this.#patiently(() => work(this.#db));
  }

  transaction<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    return this.#patiently(() => this.#db.transaction().execute(work));
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + this.#patienceMs;
    for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!isAway(error) || performance.now() + pause > giveUpAt) throw asStoreFailure(error, this.name);
      }
      await sleep(pause);
    }
  }
}

/** Each driver is loaded only when it is used. */
async function dialectOf(location: string): Promise<Dialect> {
  if (isPostgres(location)) return (await import('./postgres.ts')).postgresDialect(location);
  return (await import('./sqlite.ts')).sqliteDialect(path.resolve(location));
}

/**
 * Whether a location is that of a PostgreSQL database; else it is a file's.
 *
 * @throws ReproveError `usage` when it is neither
 */
export function isPostgres(location: string): boolean {
  if (/^postgres(?:ql)?:/.test(location)) {
    if (URL.canParse(location)) return true;
    throw unusable('It is not an address.', 'Write it as postgres://user@host/database.');
  }
  if (location === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(location))
    throw unusable(
      'A store is a file or a PostgreSQL database.',
      'Name a path, or postgres://user@host/database.',
    );
  return false;
}

function nameOf(location: string): string {
  if (!isPostgres(location)) return location;
  const url = new URL(location);
  url.password = '';
  url.searchParams.delete('password');
  return url.href;
}

function notThere(file: string): ReproveError {
  return new ReproveError('usage', {
    what: `There is no store ${file}.`,
    why: 'The file does not exist.',
    next: 'Run "reprove batch" first, or name the store that it wrote with --store.',
  });
}

function unusable(why: string, next: string): ReproveError {
  return new ReproveError('usage', { what: 'The store that --store names cannot be used.', why, next });
}
