import { describe, expect, it } from 'vitest';
import {
  asFarAsKnown,
  type Attempt,
  fetchedOtherwise,
  fetchKey,
  type RankedPlan,
  takeNext,
  withKnownFetch,
} from '../src/attempts.ts';
import { bestAttempt } from '../src/best-attempt.ts';
import type { RebuildPlan, Step } from '../src/model/plan.ts';
import type { Source } from '../src/model/source.ts';
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

  it('is one with other tools, too', () => {
    const plan = planOf('all', 'b');
    const newer = { ...plan, toolchain: { node: '22.22.2' } };
    expect(fetchKey(newer)).not.toBe(fetchKey(plan));
    expect(withKnownFetch(plan, new Map([[fetchKey(plan), newer]])).toolchain).toEqual(newer.toolchain);
  });

  it.each([
    ['whose fetch got through', 'all', null, 'all', false],
    ['that would fetch in another way than one that got through', 'all', null, 'nothing', true],
    ['that builds what another way could not', 'all', 'build-failed', 'all', false],
    ['that would fetch in another way than one that failed', 'all', 'fetch-failed', 'nothing', false],
  ])('makes needless a fallback %s: %s, %s, %s: %s', (_what, fetched, failure, fetch, isNeedless) => {
    const source = { commit: 'abc' } as Source;
    const result = failure === null ? { ok: true } : { ok: false, reason: { code: failure } };
    const attempts = [{ plan: planOf(fetched, 'a'), rebuild: { result }, source }] as unknown as Attempt[];
    expect(fetchedOtherwise(attempts, planOf(fetch, 'b'), source)).toBe(isNeedless);
    expect(fetchedOtherwise(attempts, planOf(fetch, 'b'), { commit: 'def' } as Source)).toBe(false);
  });

  it('makes no fallback needless by what it got through as of another time', () => {
    const source = { commit: 'abc' } as Source;
    const plan = { ...planOf('all', 'a'), registryTime: '2025-01-01T00:00:00.000Z' };
    const attempts = [{ plan, rebuild: { result: { ok: true } }, source }] as unknown as Attempt[];
    expect(fetchedOtherwise(attempts, planOf('all', 'b'), source)).toBe(false);
  });

  it('does not concern a plan that fetches otherwise', () => {
    const other = planOf('else', 'b');
    expect(withKnownFetch(other, fetches)).toBe(other);
  });
});

describe('a way of building of which four attempts did not build', () => {
  const planOf = (way: string, fallback = false) => ({ way, fallback }) as unknown as RebuildPlan;
  const [spent, other] = [planOf('spent'), planOf('other')];
  const queued = (way: RebuildPlan, commit = 'abc', plan = way) =>
    ({ way, plan, planRequest: { source: { commit } }, rank: 0 }) as unknown as Parameters<
      typeof takeNext
    >[0][number];
  const revised = queued(spent, 'abc', planOf('revised'));
  const failures = (count: number) => new Map([[spent, count]]);

  it('lets another be tried first, and has its turn again after it', () => {
    const queue = [revised, queued(other)];
    expect(takeNext(queue, failures(4))?.plan).toBe(other);
    expect(takeNext(queue, failures(4))).toBe(revised);
    expect(takeNext(queue, failures(4))).toBeUndefined();
  });

  it.each([
    ['with fewer failures', 3, queued(other)],
    ['before a fallback', 4, queued(planOf('loose', true))],
    ['before another commit', 4, queued(other, 'def')],
  ])('goes on %s', (_what, count, next) => {
    expect(takeNext([revised, next], failures(count))).toBe(revised);
  });

  it('lets another fallback be tried first where it is one', () => {
    const [loose, peer] = [planOf('loose', true), planOf('peer', true)];
    const next = takeNext([queued(loose, 'abc', planOf('revised')), queued(peer)], new Map([[loose, 4]]));
    expect(next?.plan).toBe(peer);
  });
});

describe('a divergence in the face of a plan for which no time was left', () => {
  const ranked = (detail: string, options: Partial<RebuildPlan> & { commit?: string } = {}): RankedPlan => {
    const { commit = 'abc', ...rest } = options;
    const plan = {
      strategy: 'npm',
      conclusive: true,
      fallback: false,
      evidence: [{ kind: 'script', detail }],
    };
    return {
      plan: { ...plan, ...rest },
      planRequest: { source: { commit } },
      rank: 0,
    } as unknown as RankedPlan;
  };
  const pointed = ranked('packed elsewhere');
  const finding = { kind: 'file-changed', severity: 'high', path: 'index.js', message: '', evidence: {} };
  const diverged = (pointsTo: readonly RankedPlan[], severity: Severity = 'high') =>
    ({
      source: { commit: 'abc' },
      comparison: { differences: [{ kind: 'added', path: 'index.js' }] },
      judgement: { verdict: 'diverged', level: null, severity, reason: null, findings: [finding] },
      pointsTo: pointsTo.map(({ plan }) => plan),
    }) as unknown as Attempt;

  it.each([
    ['that it points to', [pointed], 'high'],
    ['that it points to, whatever it does', [pointed], 'critical'],
    ['that is another way of building', [], 'high'],
  ] as const)('proves nothing: %s', async (_what, pointsTo, severity) => {
    const { judgement } = await asFarAsKnown(diverged(pointsTo, severity), [pointed]);
    expect(judgement).toMatchObject({
      verdict: 'unverifiable',
      severity: 'none',
      reason: { code: 'timed-out' },
      findings: [],
    });
    expect(judgement.reason?.message).toContain('packed elsewhere');
  });

  it.each([
    ['that has been run', diverged([pointed]), []],
    ['that builds another commit', diverged([]), [ranked('', { commit: 'def' })]],
    ['that leaves things out', diverged([]), [ranked('', { conclusive: false })]],
    ['that is for failures only', diverged([]), [ranked('', { fallback: true })]],
    ['that makes nothing run on install', diverged([], 'critical'), [pointed]],
  ] as const)('stands: %s', async (_what, attempted, untried) => {
    expect(await asFarAsKnown(attempted, untried)).toBe(attempted);
  });

  it('stands when nothing but notes differ, however late it is', async () => {
    const notes = {
      ...diverged([], 'low'),
      comparison: { differences: [{ kind: 'added', path: 'NOTES.md' }] },
    } as unknown as Attempt;
    expect(await asFarAsKnown(notes, [pointed])).toBe(notes);
  });

  it('stands when code was slipped in at one place', async () => {
    const side = (text: string) => ({ type: 'file', size: text.length, content: Buffer.from(text) });
    const difference = { kind: 'content', path: 'index.js', rebuilt: side('a();\n') };
    const slipped = {
      ...diverged([]),
      comparison: {
        differences: [{ ...difference, published: side("a();\nrequire('child_process').exec('x');\n") }],
      },
    } as unknown as Attempt;
    expect(await asFarAsKnown(slipped, [pointed])).toBe(slipped);
  });
});
