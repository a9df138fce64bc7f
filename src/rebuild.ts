import { chmod, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Deadline } from './deadline.ts';
import type { Ecosystem, PlanRequest, RegistryView } from './ecosystem.ts';
import type { Archive } from './model/artifact.ts';
import type { Pins, RebuildPlan, Step, Tool } from './model/plan.ts';
import { found, type Outcome, type Reason, type ReasonCode } from './model/verdict.ts';
import { type FetchRecord, treeKey, TreeSlot } from './fetched-trees.ts';
import { makeOwned, sweepOwned } from './owner.ts';
import { readArchive } from './published/archive.ts';
import { clockEnvironment } from './sandbox/clock.ts';
import type { Engine, Limits, RootFilesystem, Sandbox, SandboxSpec, StepOutcome } from './sandbox/engine.ts';
import { LAYOUT } from './sandbox/engine.ts';
import { lackingIn } from './sandbox/lacking.ts';
import { missingFiles } from './source/missing-files.ts';
import type { Repository } from './source/repository.ts';
import { appendToTar } from './source/tree-archive.ts';
import { timeOf } from './step-time.ts';

/** What one run of one plan gave. */
export interface Rebuild extends FetchRecord {
  readonly result: { readonly ok: true; readonly bytes: Uint8Array; readonly archive: Archive } | Failure;
  readonly tools: readonly Tool[];
}

interface Failure {
  readonly ok: false;
  readonly reason: Reason;
  readonly log: string | null;
  /** Of the step that did not end in time. */
  readonly phase?: Step['phase'];
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
  /** Null unless this is a replay: then nothing that was kept is used, and nothing is kept. */
  readonly pins: Pins | null;
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

/** What both ways of running a plan work with. */
interface Place {
  readonly request: RebuildRequest;
  /** Gone afterwards. */
  readonly folder: string;
  readonly toolchain: Awaited<ReturnType<Ecosystem['tools']>>;
  readonly rootfs: RootFilesystem;
}

async function rebuildIn(folder: string, request: RebuildRequest): Promise<Rebuild> {
  const { plan, ecosystem } = request;
  const fetches = plan.steps.some(isFetch);
  // Where nothing is fetched, nothing is kept that could stand in for the source.
  const source = fetches && request.pins === null ? null : sourceTree(folder, request);
  const [toolchain, rootfs] = await Promise.all([ecosystem.tools(plan), request.rootfs(), source]);
  const place: Place = { request, folder, toolchain, rootfs };
  if (source !== null) return fromSource(place, await source, null);
  const slot = await slotOf(place);
  try {
    const restored = await fromTree(place, slot);
    return restored ?? (await fromSource(place, await sourceTree(folder, request), slot));
  } finally {
    await slot.settled();
  }
}

/** Where the tree is kept that the fetch steps of this very plan left, if an earlier rebuild ran them. */
async function slotOf({ request, toolchain, rootfs }: Place): Promise<TreeSlot> {
  const { plan, planRequest, repository, ecosystem, limits } = request;
  const { ref, commit, repository: url, tree } = planRequest.source;
  const object = ref === null ? null : await repository.objectOf(ref);
  const key = treeKey({
    plan,
    limits,
    ...toolchain,
    layerDigest: rootfs.layerDigest,
    registry: ecosystem.registryIdentity(planRequest),
    source: { repository: url, commit, missing: missingFiles(tree) },
    git: plan.withGit ? { ref, object } : null,
  });
  return new TreeSlot({ folder: path.join(request.cacheDir, 'fetched'), key });
}

/** Builds from the tree of an earlier fetch phase; null when there is none that can be laid out. */
async function fromTree(place: Place, slot: TreeSlot): Promise<Rebuild | null> {
  const { request, folder } = place;
  const tree = await slot.find(folder);
  if (tree === null) return null;
  for (const step of request.plan.steps.filter(isFetch)) {
    request.onStep({ ...step, name: `${step.name} (kept from an earlier rebuild)` });
  }
  const start = { sourceArchive: tree.archive, unpackInto: LAYOUT.work } as const;
  const rebuilt = await inSandbox(place, start, async (sandbox) => {
    if (!(await tree.isIntact())) return null;
    // The first command tells whether the tree could be laid out.
    const begun = await sandbox.run(refreshIndex(request));
    if (begun.kind === 'source-refused') return null;
    return buildFrom({ place, sandbox, begun, record: tree.record });
  });
  if (rebuilt === null) await slot.drop();
  return rebuilt;
}

/** Runs all of the plan, and keeps what its fetch phase leaves. */
async function fromSource(place: Place, source: Outcome<string>, slot: TreeSlot | null): Promise<Rebuild> {
  const { request, folder, toolchain } = place;
  const { plan, planRequest, ecosystem } = request;
  if (!source.ok) {
    const result = { ok: false, reason: source.reason, log: null } as const;
    return { result, tools: toolchain.tools, materials: [], repairs: [], standIns: [], skipped: [] };
  }
  const view = plan.steps.some(isFetch)
    ? await ecosystem.registryView({ plan, request: planRequest, directory: folder, pins: request.pins })
    : null;
  try {
    const start = { sourceArchive: source.value, unpackInto: LAYOUT.source } as const;
    return await inSandbox({ ...place, view }, start, async (sandbox) => {
      const { failed, skipped } = await runSteps({
        sandbox,
        view,
        request,
        steps: plan.steps.filter(isFetch),
      });
      const record = {
        materials: view?.materials() ?? [],
        repairs: view?.repairs() ?? [],
        standIns: view?.standIns() ?? [],
        skipped,
      };
      if (failed !== null) return { result: failed, tools: toolchain.tools, ...record };
      // An install may well succeed without what the registry just could not serve.
      if (view?.failures().length === 0) await slot?.keep(record, (...into) => sandbox.save(...into));
      const begun = plan.withGit ? await sandbox.run(refreshIndex(request)) : null;
      return buildFrom({ place, sandbox, begun, record });
    });
  } finally {
    await view?.close();
  }
}

/** Opens a sandbox for `work` and closes it afterwards. It fetches only where there is a view to fetch from. */
async function inSandbox<T>(
  place: Place & { readonly view?: RegistryView | null },
  start: Pick<SandboxSpec, 'sourceArchive' | 'unpackInto'>,
  work: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const { request, rootfs, toolchain, view = null } = place;
  const phases = request.plan.steps.map((step) => step.phase);
  const sandbox = await request.engine.open({
    ...start,
    rootfs,
    mounts: toolchain.mounts,
    socketDirectory: view?.socketDirectory ?? null,
    phases: [...new Set(phases)].filter((phase) => phase !== 'fetch' || view !== null),
    limits: request.limits,
  });
  try {
    return await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

/**
 * What comes after the fetch phase.
 *
 * @param context.begun how refreshing git's index went, if there is one
 */
async function buildFrom(context: {
  place: Place;
  sandbox: Sandbox;
  begun: StepOutcome | null;
  record: FetchRecord;
}): Promise<Rebuild> {
  const { sandbox, begun, record } = context;
  const { request, toolchain } = context.place;
  const { tools } = toolchain;
  // Whatever git says of a tree that is not as committed, the build is what finds out.
  if (begun !== null && begun.kind !== 'exited') {
    const result = failureOf({ step: refreshIndex(request), outcome: begun, view: null });
    return { result, tools, ...record };
  }
  const steps = request.plan.steps.filter((step) => !isFetch(step));
  const { failed, skipped } = await runSteps({ sandbox, view: null, request, steps });
  const result = failed ?? (await packed(sandbox, request.plan));
  return { result, tools, ...record, skipped: [...record.skipped, ...skipped] };
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

async function runSteps(context: {
  sandbox: Sandbox;
  view: RegistryView | null;
  request: RebuildRequest;
  steps: readonly Step[];
}): Promise<{ readonly failed: Failure | null; readonly skipped: readonly string[] }> {
  const skipped: string[] = [];
  for (const step of context.steps) {
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

function isFetch({ phase }: Step): boolean {
  return phase === 'fetch';
}

/**
 * Git tells changed files by their times, which unpacking has just made: the index is told before anyone asks, or every
 * build that calls itself "dirty" when the tree is would do so (git-update-index(1), --refresh).
 */
function refreshIndex({ plan, deadline }: RebuildRequest): Step & { readonly timeoutMs: number } {
  const phase = plan.steps.find((step) => !isFetch(step))?.phase ?? 'build';
  const argv = ['git', 'update-index', '-q', '--refresh'] as const;
  return {
    name: 'refresh-index',
    phase,
    argv,
    cwd: LAYOUT.source,
    env: {},
    optional: true,
    timeoutMs: deadline.leftMs(),
  };
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
    const timeoutMs = timeOf(step.phase, left);
    const outcome = await sandbox.run({ ...step, env: { ...clock, ...step.env }, timeoutMs });
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

/** Part of the message when it was not the build that failed, and another try may do better. */
export const REGISTRY_FAILED = 'The registry failed meanwhile';

function failureOf(context: { step: Step; outcome: StepOutcome; view: RegistryView | null }): Failure {
  const { step, outcome, view } = context;
  const command = step.argv.join(' ');
  const log = outcome.log;
  if (outcome.kind === 'timed-out') {
    const message = `"${command}" (${step.name}) did not end in time and was stopped. Allow more with --timeout.`;
    return { ok: false, reason: { code: 'timed-out', message }, log, phase: step.phase };
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
  const lacking = lackingIn(log);
  const sentences = [
    `"${command}" (${step.name}) ended with exit code ${outcome.exitCode}.`,
    ...(upstream.length > 0 ? [`${REGISTRY_FAILED}: ${upstream[0]}.`] : []),
    ...(lacking === null ? [] : [lacking]),
    'Its last lines are in "attempts".',
  ];
  const message = sentences.join(' ');
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
