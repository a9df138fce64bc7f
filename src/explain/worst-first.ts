import type { Difference } from '../model/comparison.ts';
import type { Finding } from '../model/verdict.ts';

/** Differences in the order of the findings about them, which is what to read first; those without one last. Pure. */
export function worstFirst(
  differences: readonly Difference[],
  findings: readonly Finding[],
): readonly Difference[] {
  const ranks = new Map(findings.map(({ path }, rank) => [path, rank] as const).toReversed());
  const rankOf = ({ path }: Difference) => ranks.get(path) ?? Infinity;
  return differences.toSorted((a, b) => rankOf(a) - rankOf(b));
}
