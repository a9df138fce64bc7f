import { type Dialect, PostgresDialect } from 'kysely';
import { Pool } from 'pg';

const CONNECT_MS = 10_000;
const CONNECTIONS = 4;

/** Kysely's PostgreSQL dialect; connections are made when they are needed. */
export function postgresDialect(url: string): Dialect {
  const pool = new Pool({
    connectionString: url,
    application_name: 'reprove',
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it is made again for whoever comes next.
  pool.on('error', () => undefined);
  // One that breaks between two queries of somebody fails the next of them; nobody else would hear of it, and end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new PostgresDialect({ pool });
}
