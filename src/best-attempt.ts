import type { Attempt } from './attempts.ts';
import { addsOnlyNotes } from './compare/inconclusive.ts';
import { SEVERITIES } from './model/verdict.ts';

/**
 * The attempt that speaks for all: a reproduction, else the mildest divergence, else the first that failed. A
 * divergence under a plan that leaves things out comes last: where the whole plan failed, nothing is known. Unless all
 * that diverges are notes: whatever was left out, the rest was made.
 */
export function bestAttempt(attempts: readonly Attempt[]): Attempt | null {
  const ranked = attempts.toSorted((a, b) => {
    const byClass = rankOf(a) - rankOf(b);
    if (byClass !== 0 || rankOf(a) === RANKS.failed) return byClass;
    const bySeverity = SEVERITIES.indexOf(a.judgement.severity) - SEVERITIES.indexOf(b.judgement.severity);
    return bySeverity || differences(a) - differences(b);
  });
  return ranked[0] ?? null;
}

const RANKS = { reproduced: 0, diverged: 1, failed: 2, inconclusive: 3 } as const;

function rankOf({ judgement, plan, comparison }: Attempt): number {
  if (judgement.verdict === 'reproduced') return RANKS.reproduced;
  if (!plan.conclusive && !addsOnlyNotes(comparison)) return RANKS.inconclusive;
  return judgement.verdict === 'unverifiable' ? RANKS.failed : RANKS.diverged;
}

function differences({ comparison }: Attempt): number {
  return comparison?.differences.length ?? 0;
}
