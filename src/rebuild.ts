import { chmod, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Deadline } from './deadline.ts';
import type { Ecosystem, PlanRequest, RegistryView } from './ecosystem.ts';
import type { Archive } from './model/artifact.ts';
import type { Material, RebuildPlan, Step, Tool } from './model/plan.ts';
import { found, type Outcome, type Reason, type ReasonCode } from './model/verdict.ts';
import { makeOwned, sweepOwned } from './owner.ts';
import { readArchive } from './published/archive.ts';
import { clockEnvironment } from './sandbox/clock.ts';
import type { Engine, Limits, RootFilesystem, Sandbox, StepOutcome } from './sandbox/engine.ts';
import { LAYOUT } from './sandbox/engine.ts';
import type { Repository } from './source/repository.ts';
import { appendToTar } from './source/tree-archive.ts';

/** What one run of one plan gave. */
export interface Rebuild {
  readonly result:
    | { readonly ok: true; readonly bytes: Uint8Array; readonly archive: Archive }
    | { readonly ok: false; readonly reason: Reason; readonly log: string | null };
  readonly tools: readonly Tool[];
  readonly materials: readonly Material[];
  /** What the registry view let in against its clock. */
  readonly repairs: readonly string[];
  /** Optional steps that failed, in words. */
  readonly skipped: readonly string[];
}

export interface RebuildRequest {
  readonly plan: RebuildPlan;
  readonly planRequest: PlanRequest;
  readonly repository: Repository;
  readonly ecosystem: Ecosystem;
  readonly engine: Engine;
  readonly rootfs: () => Promise<RootFilesystem>;
  readonly limits: Limits;
  readonly deadline: Deadline;
  /** Where temporary folders may be made. */
  readonly cacheDir: string;
  onStep(step: Step): void;
}

/** Larger than any package that a registry takes. */
const LARGEST_ARTIFACT = 1024 ** 3;
const MOST_REPAIRS = 25;
const FOLDER_PREFIX = 'run-';

/** Runs a plan in a new sandbox and brings the packed archive back. Nothing of it is left behind. */
export async function rebuild(request: RebuildRequest): Promise<Rebuild> {
  const temporary = path.join(request.cacheDir, 'tmp');
  await sweepOwned(temporary, FOLDER_PREFIX);
  const folder = await makeOwned(temporary, FOLDER_PREFIX);
  await chmod(folder, 0o755);
  try {
    return await rebuildIn(folder, request);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rebuildIn(folder: string, request: RebuildRequest): Promise<Rebuild> {
  const { plan, planRequest, ecosystem, engine, limits } = request;
  const fetches = plan.steps.some((step) => step.phase === 'fetch');
  const [toolchain, rootfs, tree] = await Promise.all([
    ecosystem.tools(plan),
    request.rootfs(),
    sourceTree(folder, request),
  ]);
  if (!tree.ok) {
    const result = { ok: false, reason: tree.reason, log: null } as const;
    return { result, tools: toolchain.tools, materials: [], repairs: [], skipped: [] };
  }
  const view = fetches
    ? await ecosystem.registryView({ plan, request: planRequest, directory: folder })
    : null;
  try {
    const sandbox = await engine.open({
      rootfs,
      sourceArchive: tree.value,
      unpackInto: LAYOUT.source,
      mounts: toolchain.mounts,
      socketDirectory: view?.socketDirectory ?? null,
      phases: [...new Set(plan.steps.map((step) => step.phase))],
      limits,
    });
    try {
      const ran = await runSteps({ sandbox, view, request });
      const result = ran.failed ?? (await packed(sandbox, plan));
      const materials = view?.materials() ?? [];
      return {
        result,
        tools: toolchain.tools,
        materials,
        repairs: view?.repairs() ?? [],
        skipped: ran.skipped,
      };
    } finally {
      await sandbox.close();
    }
  } finally {
    await view?.close();
  }
}

/** The source commit as a tar on the host, with a `.git` when the plan asks for one; or why there can be none. */
async function sourceTree(folder: string, request: RebuildRequest): Promise<Outcome<string>> {
  const { repository, plan, planRequest } = request;
  const { source } = planRequest;
  const file = path.join(folder, 'source.tar');
  const maxBytes = request.limits.diskBytes;
  const unwritten = await repository.archive({ commit: source.commit, file, maxBytes });
  if (unwritten !== null) return { ok: false, reason: unwritten };
  if (!plan.withGit) return found(file);
  const directory = path.join(folder, 'clone');
  await mkdir(directory);
  const uncloned = await repository.shallowClone({
    commit: source.commit,
    ref: source.ref,
    origin: source.repository,
    directory,
  });
  if (uncloned !== null) return { ok: false, reason: uncloned };
  await appendToTar({ file, directory, member: '.git' });
  return found(file);
}

type Failure = Extract<Rebuild['result'], { ok: false }>;

async function runSteps(context: {
  sandbox: Sandbox;
  view: RegistryView | null;
  request: RebuildRequest;
}): Promise<{ readonly failed: Failure | null; readonly skipped: readonly string[] }> {
  const { request } = context;
  const skipped: string[] = [];
  const [first] = request.plan.steps;
  if (request.plan.withGit && first !== undefined) {
    const step = refreshIndex(first.phase);
    const outcome = await context.sandbox.run({ ...step, timeoutMs: request.deadline.leftMs() });
    // Whatever git says of a tree that is not as committed, the build is what finds out.
    if (outcome.kind !== 'exited') return { failed: failureOf({ step, outcome, view: null }), skipped };
  }
  for (const step of request.plan.steps) {
    const outcome = await runStep({ ...context, step });
    if (outcome.kind === 'exited' && outcome.exitCode === 0) continue;
    if (step.optional && outcome.kind === 'exited') {
      skipped.push(`${step.name} failed with exit code ${outcome.exitCode}, as its plan allows`);
      continue;
    }
    return { failed: failureOf({ step, outcome, view: context.view }), skipped };
  }
  return { failed: null, skipped };
}

/**
 * Git tells changed files by their times, which unpacking has just made: the index is told before anyone asks, or every
 * build that calls itself "dirty" when the tree is would do so (git-update-index(1), --refresh).
 */
function refreshIndex(phase: Step['phase']): Step {
  const argv = ['git', 'update-index', '-q', '--refresh'] as const;
  return { name: 'refresh-index', phase, argv, cwd: LAYOUT.source, env: {}, optional: true };
}

/** Runs a step; a fetch step is tried again as long as its log leads the registry view to a repair. */
async function runStep(context: {
  sandbox: Sandbox;
  view: RegistryView | null;
  request: RebuildRequest;
  step: Step;
}): Promise<StepOutcome> {
  const { sandbox, view, request, step } = context;
  const clock = step.phase === 'fetch' ? {} : clockEnvironment(request.plan.clock);
  for (let tries = 0; ; tries += 1) {
    const left = request.deadline.leftMs();
    if (left <= 0) return { kind: 'timed-out', log: '' };
    request.onStep(step);
    const outcome = await sandbox.run({ ...step, env: { ...clock, ...step.env }, timeoutMs: left });
    const failed = outcome.kind === 'exited' && outcome.exitCode !== 0;
    if (!failed || step.phase !== 'fetch' || view === null || tries >= MOST_REPAIRS) return outcome;
    if (!(await view.repairFrom(outcome.log))) return outcome;
  }
}

const FAILED_PHASE = {
  fetch: 'fetch-failed',
  build: 'build-failed',
  pack: 'pack-failed',
} as const satisfies Record<Step['phase'], ReasonCode>;

function failureOf(context: { step: Step; outcome: StepOutcome; view: RegistryView | null }): Failure {
  const { step, outcome, view } = context;
  const command = step.argv.join(' ');
  const log = outcome.log;
  if (outcome.kind === 'timed-out') {
    const message = `"${command}" (${step.name}) did not end in time and was stopped. Allow more with --timeout.`;
    return { ok: false, reason: { code: 'timed-out', message }, log };
  }
  if (outcome.kind === 'limit') {
    const message = `"${command}" (${step.name}) met the sandbox's limit on ${outcome.limit} and was stopped.`;
    return { ok: false, reason: { code: 'resource-limit', message }, log };
  }
  if (outcome.kind === 'source-refused') {
    const said = log.trim().split('\n')[0] ?? '';
    const message = `The files of the commit cannot be laid out in a sandbox (${said}).`;
    return { ok: false, reason: { code: 'unsupported', message }, log };
  }
  const upstream = step.phase === 'fetch' ? (view?.failures() ?? []) : [];
  const because = upstream.length > 0 ? ` The registry failed meanwhile: ${upstream[0]}.` : '';
  const message = `"${command}" (${step.name}) ended with exit code ${outcome.exitCode}.${because} Its last lines are in "attempts".`;
  return { ok: false, reason: { code: FAILED_PHASE[step.phase], message }, log };
}

async function packed(sandbox: Sandbox, plan: RebuildPlan): Promise<Rebuild['result']> {
  const bytes = await sandbox.readOnlyFile(plan.output, LARGEST_ARTIFACT);
  if (bytes === null) {
    const message = `The pack step did not leave exactly one file in ${plan.output.replace(LAYOUT.work, 'its work folder')}.`;
    return { ok: false, reason: { code: 'pack-failed', message }, log: null };
  }
  const archive = readArchive(bytes);
  if (archive.ok) return { ok: true, bytes, archive: archive.value };
  const message = `What the pack step made cannot be read: ${archive.reason.message}`;
  return { ok: false, reason: { code: 'pack-failed', message }, log: null };
}
