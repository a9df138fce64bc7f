import { makeAttempts } from './attempts.ts';
import { bestAttempt } from './best-attempt.ts';
import { deadlineIn } from './deadline.ts';
import type { Ecosystem } from './ecosystem.ts';
import { explainAll } from './explain/explain-all.ts';
import { worstFirst } from './explain/worst-first.ts';
import { findPlans, type FindRequest } from './find-plans.ts';
import type { Pins, RebuildPlan, Step } from './model/plan.ts';
import { signal } from './model/signals.ts';
import type { Source } from './model/source.ts';
import type { Reason, Signal } from './model/verdict.ts';
import { documentOfAttempt, documentOfNoAttempt, documentOfNotPublished } from './report/assemble.ts';
import type { ResultDocument } from './report/document.ts';
import type { Engine, Limits, RootFilesystem } from './sandbox/engine.ts';
import { stopwatch } from './stopwatch.ts';

/** What a run is about to do, for whoever watches. */
export interface Progress {
  onStage(stage: 'published' | 'source' | 'plan' | 'rebuild', detail: string): void;
  onStep(step: Step): void;
}

export interface VerifyRequest extends FindRequest {
  readonly limits: Limits;
  /** For the whole run, milliseconds. */
  readonly timeoutMs: number;
  /** For a replay: the plan of `stated` alone is run, and its fetch steps get these files alone. */
  readonly pins?: Pins;
}

export interface VerifyTools {
  readonly ecosystem: Ecosystem;
  /** Asked for only when something has to be rebuilt. */
  readonly engine: () => Promise<Engine>;
  readonly rootfs: () => Promise<RootFilesystem>;
  readonly progress: Progress;
  /** Waited for before a source is fetched; told the repository that the package names. */
  readonly beforeSource?: (repository: string | null) => Promise<void>;
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

  const { beforeSource } = tools;
  const found = await findPlans(request, {
    ecosystem,
    progress,
    watch,
    deadline,
    ...(beforeSource !== undefined && { beforeSource }),
  });
  const subject = found.kind === 'not-published' ? found.missing.subject : found.published.subject;
  const registry = ecosystem.registryOf(subject.name);
  if (found.kind === 'not-published')
    return documentOfNotPublished({ missing: found.missing, registry, timings: watch.timings() });
  if (found.kind === 'no-plan') return documentOfNoAttempt({ ...found, registry, timings: watch.timings() });
  const { published, signals, absent } = found;

  const engine = await tools.engine();
  const attempts = await watch.time('rebuildMs', () =>
    makeAttempts({
      ...request,
      ...tools,
      ...found,
      engine,
      deadline,
      pins: request.pins ?? null,
      progress: attemptProgress(progress),
    }),
  );
  const best = bestAttempt(attempts);
  if (best === null) {
    const reason = outOfTime(request.timeoutMs);
    return documentOfNoAttempt({ published, registry, reason, signals, absent, timings: watch.timings() });
  }
  const rootfs = await tools.rootfs();
  const explained = await watch.time('compareMs', () =>
    explainAll(worstFirst(best.comparison?.differences ?? [], best.judgement.findings)),
  );
  const timings = watch.timings();
  const compareMs = attempts.reduce((sum, attempt) => sum + attempt.compareMs, 0);
  return documentOfAttempt({
    published,
    registry,
    best,
    tree: await found.repository.treeOf(best.source.commit),
    attempts,
    explained,
    signals: [...signals, ...imageSignals(rootfs)],
    absent,
    fingerprint: ecosystem.fingerprint(published.artifact),
    engine: engine.name,
    rootfs,
    timings: {
      ...timings,
      compareMs: timings.compareMs + compareMs,
      rebuildMs: Math.max(0, timings.rebuildMs - compareMs),
    },
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

function imageSignals(rootfs: RootFilesystem): readonly Signal[] {
  if (rootfs.lockDeviation === null) return [];
  return [signal('image-differs-from-lock', rootfs.lockDeviation)];
}

function outOfTime(timeoutMs: number): Reason {
  const message = `The ${Math.round(timeoutMs / 1000)} s of --timeout were over before anything was built. Allow more.`;
  return { code: 'timed-out', message };
}
