import { describe, expect, it } from 'vitest';
import { type Attempt, bestAttempt } from '../src/attempts.ts';
import type { Severity, Verdict } from '../src/model/verdict.ts';

function attempt(
  verdict: Verdict,
  options: { severity?: Severity; conclusive?: boolean; differences?: number } = {},
): Attempt {
  const { severity = 'none', conclusive = true, differences = 0 } = options;
  return {
    plan: { conclusive },
    judgement: { verdict, severity },
    comparison: { differences: Array.from({ length: differences }) },
  } as unknown as Attempt;
}

describe('the attempt that speaks for all', () => {
  it('is the reproduction, whatever else was tried', () => {
    const best = attempt('reproduced');
    expect(bestAttempt([attempt('diverged', { severity: 'low' }), attempt('unverifiable'), best])).toBe(best);
  });

  it('is the mildest divergence, then the smallest', () => {
    const best = attempt('diverged', { severity: 'low', differences: 2 });
    const worse = attempt('diverged', { severity: 'low', differences: 3 });
    expect(bestAttempt([attempt('diverged', { severity: 'high', differences: 1 }), worse, best])).toBe(best);
  });

  it('is a failed build rather than the divergence of a plan that left the build out', () => {
    const failed = attempt('unverifiable');
    expect(bestAttempt([attempt('diverged', { conclusive: false, severity: 'low' }), failed])).toBe(failed);
  });

  it('is the first failure when nothing was built', () => {
    const first = attempt('unverifiable');
    expect(bestAttempt([first, attempt('unverifiable')])).toBe(first);
    expect(bestAttempt([])).toBeNull();
  });
});
