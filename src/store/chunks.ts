/** Rows of one statement: SQLite takes 32,766 values in one (https://sqlite.org/limits.html), PostgreSQL twice as many. */
const ROWS = 500;

/** A list in pieces that one statement takes. */
export function* chunksOf<T>(all: readonly T[], size: number = ROWS): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
