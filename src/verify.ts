import { bestAttempt, makeAttempts, rankedPlans } from './attempts.ts';
import { deadlineIn } from './deadline.ts';
import type { Ecosystem, Published } from './ecosystem.ts';
import type { RebuildPlan, Step } from './model/plan.ts';
import { signal } from './model/signals.ts';
import type { Source } from './model/source.ts';
import type { Reason, Signal } from './model/verdict.ts';
import { documentOfAttempt, documentOfNoAttempt, documentOfNotPublished } from './report/assemble.ts';
import type { ResultDocument } from './report/document.ts';
import type { Engine, Limits, RootFilesystem } from './sandbox/engine.ts';
import { resolveSource, type SourceOverride } from './source/resolve.ts';
import { stopwatch } from './stopwatch.ts';

/** What a run is about to do, for whoever watches. */
export interface Progress {
  onStage(stage: 'published' | 'source' | 'plan' | 'rebuild', detail: string): void;
  onStep(step: Step): void;
}

export interface VerifyRequest {
  /** What the user typed: a package version, a purl, or the path of an archive. */
  readonly spec: string;
  readonly sourceOverride: SourceOverride | null;
  /** Templates for where to fetch repositories from. */
  readonly mirrors: readonly string[];
  readonly cacheDir: string;
  readonly limits: Limits;
  /** For the whole run, milliseconds. */
  readonly timeoutMs: number;
}

export interface VerifyTools {
  readonly ecosystem: Ecosystem;
  /** Asked for only when something has to be rebuilt. */
  readonly engine: () => Promise<Engine>;
  readonly rootfs: () => Promise<RootFilesystem>;
  readonly progress: Progress;
}

/**
 * Judges one package version: published -> source -> plan -> rebuild -> compare -> judge.
 *
 * @returns the result document, whatever the verdict
 * @throws ReproveError when the tool, its input or its environment fails: that is no verdict
 */
export async function verify(request: VerifyRequest, tools: VerifyTools): Promise<ResultDocument> {
  const { ecosystem, progress } = tools;
  const watch = stopwatch();
  const deadline = deadlineIn(request.timeoutMs);

  progress.onStage('published', request.spec);
  const outcome = await watch.time('publishedMs', () => ecosystem.published(request.spec));
  if (!outcome.ok) return documentOfNotPublished(outcome.value, watch.timings());
  const published = outcome.value;

  progress.onStage('source', published.claims.repository ?? 'no repository stated');
  const source = await watch.time('sourceMs', () =>
    resolveSource({ ...request, claims: published.claims, override: request.sourceOverride, deadline }),
  );
  if (!source.ok) {
    return documentOfNoAttempt({ published, reason: source.reason, signals: [], timings: watch.timings() });
  }
  const { repository, candidates } = source.value;
  const signals = [...overrideSignals(request, published), ...source.value.signals];

  const subject = { published, repository, candidates, ecosystem };
  const plans = await watch.time('planMs', () => rankedPlans(subject));
  const engine = await tools.engine();
  const attempts = await watch.time('rebuildMs', () =>
    makeAttempts({
      ...request,
      ...tools,
      ...subject,
      plans,
      engine,
      deadline,
      progress: attemptProgress(progress),
    }),
  );
  const best = bestAttempt(attempts);
  if (best === null) {
    const reason = deadline.leftMs() <= 0 ? outOfTime(request.timeoutMs) : noPlan(candidates);
    return documentOfNoAttempt({ published, reason, signals, timings: watch.timings() });
  }
  const rootfs = await tools.rootfs();
  const timings = watch.timings();
  const compareMs = attempts.reduce((sum, attempt) => sum + attempt.compareMs, 0);
  return documentOfAttempt({
    published,
    best,
    attempts,
    signals: [...signals, ...imageSignals(rootfs)],
    fingerprint: ecosystem.fingerprint(published.artifact),
    engine: engine.name,
    rootfs,
    timings: { ...timings, compareMs, rebuildMs: Math.max(0, timings.rebuildMs - compareMs) },
  });
}

function attemptProgress(progress: Progress) {
  return {
    onPlan: (plan: RebuildPlan, source: Source) => {
      const tools = Object.entries(plan.toolchain).map(([role, version]) => `${role} ${version}`);
      progress.onStage(
        'rebuild',
        `${plan.strategy} at ${source.commit.slice(0, 12)} with ${tools.join(', ')}`,
      );
    },
    onStep: (step: Step) => progress.onStep(step),
  };
}

function overrideSignals({ sourceOverride }: VerifyRequest, published: Published): readonly Signal[] {
  if (sourceOverride === null) return [];
  const stated = published.claims.repository ?? 'no repository';
  const message = `--source names ${sourceOverride.repository}; the package itself names ${stated}.`;
  return [signal('source-overridden', message)];
}

function imageSignals(rootfs: RootFilesystem): readonly Signal[] {
  if (rootfs.lockDeviation === null) return [];
  return [signal('image-differs-from-lock', rootfs.lockDeviation)];
}

function noPlan(candidates: readonly Source[]): Reason {
  const where = candidates.map((one) => `${one.commit.slice(0, 12)} in ${one.directory}`).join(', ');
  const message = `No rebuild plan fits the source at ${where}: its manifest cannot be read there.`;
  return { code: 'unsupported', message };
}

function outOfTime(timeoutMs: number): Reason {
  const message = `The ${Math.round(timeoutMs / 1000)} s of --timeout were over before anything was built. Allow more.`;
  return { code: 'timed-out', message };
}
