import { describe, expect, it } from 'vitest';
import { asFarAsKnown, type Attempt, fetchKey, withKnownFetch } from '../src/attempts.ts';
import { bestAttempt } from '../src/best-attempt.ts';
import type { RebuildPlan, Step } from '../src/model/plan.ts';
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

  it('unless nothing but notes were added, since all the rest was made', () => {
    const failed = attempt('unverifiable');
    const noted = {
      ...attempt('diverged', { conclusive: false, severity: 'low' }),
      comparison: { differences: [{ kind: 'added', path: '.notes/today.md' }] },
    } as unknown as Attempt;
    expect(bestAttempt([failed, noted])).toBe(noted);
  });

  it('is the first failure when nothing was built', () => {
    const first = attempt('unverifiable');
    expect(bestAttempt([first, attempt('unverifiable')])).toBe(first);
    expect(bestAttempt([])).toBeNull();
  });
});

describe('a fetch that is known to be needed', () => {
  const step = (phase: Step['phase'], name: string) => ({ phase, name }) as Step;
  const planOf = (fetch: string, build: string, conclusive = true) =>
    ({
      registryTime: '2024-01-01T00:00:00.000Z',
      steps: [step('fetch', fetch), step('build', build)],
      conclusive,
      evidence: conclusive ? [] : [{ kind: 'revised', detail: 'x is left out' }],
    }) as unknown as RebuildPlan;
  const fetches = new Map([[fetchKey(planOf('all', 'a')), planOf('without x', 'a', false)]]);

  it('takes the place of that of every other plan, with its reasons and what it leaves open', () => {
    const known = withKnownFetch(planOf('all', 'b'), fetches);
    expect(known.steps.map(({ name }) => name)).toEqual(['without x', 'b']);
    expect(known).toMatchObject({ conclusive: false, evidence: [{ detail: 'x is left out' }] });
  });

  it('does not concern a plan that fetches otherwise', () => {
    const other = planOf('else', 'b');
    expect(withKnownFetch(other, fetches)).toBe(other);
  });
});

describe('a divergence that points to another plan', () => {
  const plan = { strategy: 'npm', evidence: [{ kind: 'revised-by-difference', detail: 'packed elsewhere' }] };
  const pointed = plan as unknown as RebuildPlan;
  const finding = { kind: 'file-changed', severity: 'high', path: 'index.js', message: '', evidence: {} };
  const diverged = {
    judgement: { verdict: 'diverged', level: null, severity: 'high', reason: null, findings: [finding] },
    pointsTo: [pointed],
  } as unknown as Attempt;

  it('proves nothing when there was no time for that plan', () => {
    const { judgement } = asFarAsKnown(diverged, new Set());
    expect(judgement).toMatchObject({
      verdict: 'unverifiable',
      severity: 'none',
      reason: { code: 'timed-out' },
      findings: [],
    });
    expect(judgement.reason?.message).toContain('packed elsewhere');
  });

  it('stands once that plan has been run', () => {
    expect(asFarAsKnown(diverged, new Set([pointed]))).toBe(diverged);
  });
});
