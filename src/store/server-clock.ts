import { sql } from 'kysely';
import type { Queries } from './open.ts';

/** The one clock that all workers share: PostgreSQL's own, which no worker's can contradict. */
export async function serverNow(db: Queries): Promise<Date> {
  const { rows } = await sql<{ readonly now: string }>`
    select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`.execute(db);
  return new Date(rows[0]?.now ?? Number.NaN);
}
