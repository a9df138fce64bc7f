/** Different ones that are told apart: a file can consist of nothing else. */
const MOST = 100_000;

/** What one file has more often than another. */
export interface Surplus<T> {
  readonly places: number;
  readonly first: T;
}

/**
 * What the published file has and the rebuilt one has not, or not as often. Null when there is nothing.
 *
 * @param keyOf equal for those that are the same
 */
export function surplusOf<T>(
  published: Iterable<T>,
  rebuilt: Iterable<T>,
  keyOf: (one: T) => string,
): Surplus<T> | null {
  const known = countsOf(rebuilt, keyOf);
  let places = 0;
  let first: T | null = null;
  for (const one of published) {
    const key = keyOf(one);
    const left = known.get(key) ?? 0;
    if (left > 0) known.set(key, left - 1);
    else {
      places += 1;
      first ??= one;
    }
  }
  return first === null ? null : { places, first };
}

function countsOf<T>(all: Iterable<T>, keyOf: (one: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) {
    const key = keyOf(one);
    const count = counts.get(key);
    if (count !== undefined || counts.size < MOST) counts.set(key, (count ?? 0) + 1);
  }
  return counts;
}
