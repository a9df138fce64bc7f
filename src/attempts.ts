import { attemptSignals, countHidden } from './attempt-signals.ts';
import { unexplainedByCommit } from './compare/explained.ts';
import { compare, type Rebuilt } from './compare/compare.ts';
import { addsOnlyNotes, inconclusive, unbuilt } from './compare/inconclusive.ts';
import { outsideOfCommit } from './compare/outside.ts';
import type { Deadline } from './deadline.ts';
import type { Ecosystem, PlanRequest, Published, Went } from './ecosystem.ts';
import { guessedTools } from './explain/guessed-tools.ts';
import { isSlippedIn } from './explain/slipped-in.ts';
import type { Judgement } from './judge/judge.ts';
import { judge, withoutVerdict } from './judge/judge.ts';
import type { EntryRole } from './judge/roles.ts';
import { searchExact, type Searched } from './exact/search.ts';
import { AS_PACKED, type Comparison } from './model/comparison.ts';
import type { Pins, RebuildPlan, Step, Tool } from './model/plan.ts';
import type { Source } from './model/source.ts';
import type { ReasonCode } from './model/verdict.ts';
import { SEVERITIES } from './model/verdict.ts';
import { publishInstant } from './plan/instant.ts';
import { type Rebuild, rebuild } from './rebuild.ts';
import type { Engine, Limits, RootFilesystem } from './sandbox/engine.ts';
import { commitTexts, fileHistory } from './source/commit-texts.ts';
import type { Repository } from './source/repository.ts';

/** One plan, run and judged. */
export interface Attempt {
  readonly source: Source;
  readonly plan: RebuildPlan;
  readonly rebuild: Rebuild;
  readonly comparison: Comparison | null;
  readonly judgement: Judgement;
  /** What its differences point to: plans that may well explain them. */
  readonly pointsTo: readonly RebuildPlan[];
  readonly durationMs: number;
  /** The part of `durationMs` that comparing and judging took. */
  readonly compareMs: number;
}

/** What plans are made from. */
export interface PlansRequest {
  readonly published: Published;
  readonly repository: Repository;
  readonly candidates: readonly Source[];
  readonly ecosystem: Ecosystem;
}

export interface AttemptsRequest extends PlansRequest {
  readonly plans: readonly RankedPlan[];
  readonly engine: Engine;
  readonly rootfs: () => Promise<RootFilesystem>;
  readonly limits: Limits;
  readonly deadline: Deadline;
  readonly cacheDir: string;
  /** For a replay, which is of the plans that it is given and of no other. */
  readonly pins: Pins | null;
  readonly progress: AttemptProgress;
}

export interface AttemptProgress {
  onPlan(plan: RebuildPlan, source: Source): void;
  onStep(step: Step): void;
}

/** More rarely help and cost minutes each. */
const MOST_ATTEMPTS = 12;
/** After so many that did not build, a way of building lets others be tried first. */
const MOST_FAILED_OF_A_WAY = 4;

/**
 * Runs plans until one reproduces the artifact, or until nothing promising is left. After each the ecosystem reads how
 * it went, and what it proposes instead is tried before the plans that were made beforehand.
 *
 * @returns every attempt in the order made; empty when there is no plan
 */
export async function makeAttempts(request: AttemptsRequest): Promise<readonly Attempt[]> {
  const { attempts, untried } = await runPlans(request);
  if (request.deadline.leftMs() > 0) return attempts;
  return Promise.all(attempts.map((attempt) => asFarAsKnown(attempt, untried)));
}

interface PlansRun {
  readonly attempts: readonly Attempt[];
  /** The plans that were not begun, and the one that time was not left for. */
  readonly untried: readonly RankedPlan[];
}

async function runPlans(request: AttemptsRequest): Promise<PlansRun> {
  const attempts: Attempt[] = [];
  let stopped: RankedPlan | null = null;
  const queue: QueuedPlan[] = request.plans.map((one) => ({ ...one, way: one.plan }));
  const failures = new Map<RebuildPlan, number>();
  const seen = new Set(queue.map(({ plan, planRequest }) => keyOf(plan, planRequest.source)));
  const fetches = new Map<string, RebuildPlan>();
  for (let next = takeNext(queue, failures); next !== undefined; next = takeNext(queue, failures)) {
    const { planRequest, rank, way } = next;
    const plan = withKnownFetch(next.plan, fetches);
    if (attempts.length >= MOST_ATTEMPTS || request.deadline.leftMs() <= 0) {
      stopped = next;
      break;
    }
    if (repeatsFailedFetch(attempts, plan, planRequest.source)) continue;
    if (plan.fallback && fetchedOtherwise(attempts, plan, planRequest.source)) continue;
    request.progress.onPlan(plan, planRequest.source);
    const attempt = await makeAttempt(request, planRequest, plan);
    if (failedWith(attempt, 'timed-out') && request.deadline.leftMs() <= 0) stopped = next;
    attempts.push(attempt);
    if (hasNotBuilt(attempt)) failures.set(way, (failures.get(way) ?? 0) + 1);
    if (isFinal(attempt) || request.pins !== null) break;
    const revised = await request.ecosystem.revise({
      request: planRequest,
      plan,
      went: howItWent(attempt),
      hidesVersions: countHidden(attempt.rebuild) > 0,
    });
    const isFresh = (one: RebuildPlan) => !seen.has(keyOf(one, planRequest.source));
    const [first, last] = [revised.next.filter(isFresh), revised.last.filter(isFresh)];
    [...first, ...last].forEach((one) => seen.add(keyOf(one, planRequest.source)));
    if (attempt.rebuild.result.ok) attempts[attempts.length - 1] = { ...attempt, pointsTo: first };
    if (failedWith(attempt, 'fetch-failed'))
      first.slice(0, 1).forEach((one) => fetches.set(fetchKey(plan), one));
    queue.unshift(...first.map((one) => ({ planRequest, plan: one, rank, way })));
    queue.push(...last.map((one) => ({ planRequest, plan: one, rank, way })));
  }
  return { attempts, untried: [...(stopped === null ? [] : [stopped]), ...queue] };
}

interface QueuedPlan extends RankedPlan {
  /** The plan, made beforehand, that it comes of. */
  readonly way: RebuildPlan;
}

/** The next plan, out of the queue: one of another way of building the same commit where enough of its own did not build. */
export function takeNext(
  queue: QueuedPlan[],
  failures: ReadonlyMap<RebuildPlan, number>,
): QueuedPlan | undefined {
  const isSpent = ({ way }: QueuedPlan) => (failures.get(way) ?? 0) >= MOST_FAILED_OF_A_WAY;
  const [first] = queue;
  if (first === undefined || !isSpent(first)) return queue.shift();
  const other = queue.findIndex(
    (one) =>
      !isSpent(one) &&
      (first.way.fallback || !one.plan.fallback) &&
      one.planRequest.source.commit === first.planRequest.source.commit,
  );
  return queue.splice(Math.max(0, other), 1)[0];
}

/** Whether the build of a plan failed, or may have, as the plan allows. What cannot be fetched fails in every way of building. */
function hasNotBuilt(attempt: Attempt): boolean {
  if (!attempt.rebuild.result.ok) return !failedWith(attempt, 'fetch-failed');
  return !attempt.plan.conclusive;
}

function failedWith({ rebuild: { result } }: Attempt, code: ReasonCode): boolean {
  return !result.ok && result.reason.code === code;
}

/**
 * A divergence says nothing yet when time was over before the plan that it points to had ended, or another way of building
 * the same commit; unless it is one that no way of building makes.
 */
export async function asFarAsKnown(attempt: Attempt, untried: readonly RankedPlan[]): Promise<Attempt> {
  const { judgement, pointsTo } = attempt;
  if (judgement.verdict !== 'diverged') return attempt;
  const pointed = untried.find(({ plan }) => pointsTo.includes(plan));
  const plan = pointed?.plan ?? ((await standsByItself(attempt)) ? undefined : otherWay(attempt, untried));
  if (plan === undefined) return attempt;
  const because = plan.evidence.at(-1)?.detail ?? plan.strategy;
  const message = `A rebuild differs in a way that another plan may explain (${because}), and no time was left for that. Allow more with --timeout.`;
  return { ...attempt, judgement: withoutVerdict(judgement, { code: 'timed-out', message }) };
}

/** What ended the search, runs on install, or was slipped in at one place comes from no other build. */
async function standsByItself(attempt: Attempt): Promise<boolean> {
  const { judgement, comparison } = attempt;
  if (isFinal(attempt) || judgement.severity === 'critical') return true;
  return isSlippedIn(comparison?.differences ?? []);
}

function otherWay({ source }: Attempt, untried: readonly RankedPlan[]): RebuildPlan | undefined {
  return untried.find(
    ({ plan, planRequest }) =>
      planRequest.source.commit === source.commit && plan.conclusive && !plan.fallback,
  )?.plan;
}

/** Equal for plans that fetch the same, with the same tools. */
export function fetchKey({ registryTime, toolchain, steps }: RebuildPlan): string {
  return JSON.stringify([registryTime, toolchain, fetchSteps(steps)]);
}

/**
 * The plan with the fetch steps and the tools that were proposed when its own had failed in another plan, and the reasons for them.
 *
 * @param fetches by `fetchKey` of what failed
 */
export function withKnownFetch(plan: RebuildPlan, fetches: ReadonlyMap<string, RebuildPlan>): RebuildPlan {
  const better = fetches.get(fetchKey(plan));
  if (better === undefined) return plan;
  const added = better.evidence.filter(({ kind }) => kind === 'revised');
  const steps = [...fetchSteps(better.steps), ...plan.steps.filter(({ phase }) => phase !== 'fetch')];
  const { toolchain } = better;
  const known = withKnownFetch(
    { ...plan, toolchain, steps },
    new Map([...fetches].filter(([key]) => key !== fetchKey(plan))),
  );
  const conclusive = known.conclusive && better.conclusive;
  return { ...known, conclusive, evidence: [...known.evidence, ...added] };
}

/** Two plans with one key do the same at the same commit. */
function keyOf({ toolchain, registryTime, clock, steps }: RebuildPlan, source: Source): string {
  return JSON.stringify([source.commit, source.directory, toolchain, registryTime, clock, steps]);
}

function howItWent({ rebuild: { result }, comparison }: Attempt): Went {
  if (!result.ok)
    return { kind: 'failed', code: result.reason.code, log: result.log ?? '', phase: result.phase ?? null };
  return { kind: 'differed', differences: comparison?.differences ?? [] };
}

/** A plan and what it was made for. */
export interface RankedPlan {
  readonly planRequest: PlanRequest;
  readonly plan: RebuildPlan;
  readonly rank: number;
}

/** All plans: the best one of every candidate commit first, then every candidate's second, and so on. */
export async function rankedPlans(request: PlansRequest): Promise<readonly RankedPlan[]> {
  const perCandidate = await Promise.all(
    request.candidates.map(async (source) => {
      const planRequest = planRequestOf(request, source);
      const plans = await request.ecosystem.plans(planRequest);
      return plans.map((plan, rank) => ({ planRequest, plan, rank }));
    }),
  );
  return perCandidate.flat().toSorted((a, b) => a.rank - b.rank);
}

/** A reproduction; or a divergence that no way of building could explain. */
function isFinal({ judgement, comparison }: Attempt): boolean {
  if (judgement.verdict === 'reproduced') return true;
  const mild = SEVERITIES.indexOf(judgement.severity) <= SEVERITIES.indexOf('low');
  const differences = comparison?.differences ?? [];
  // What the commit has may be packed by another packer.
  const isOfCommit = differences.some(({ inCommit }) => inCommit);
  return judgement.verdict === 'diverged' && mild && addsOnlyNotes(comparison) && !isOfCommit;
}

/** What could not be fetched in one attempt cannot be in the next. */
function repeatsFailedFetch(attempts: readonly Attempt[], plan: RebuildPlan, source: Source): boolean {
  return attempts.some((attempt) => {
    const isSame = attempt.source.commit === source.commit && fetchKey(attempt.plan) === fetchKey(plan);
    return isSame && failedWith(attempt, 'fetch-failed');
  });
}

/** Whether an attempt at the same commit got through the commands of another fetch phase than the plan's. */
export function fetchedOtherwise(attempts: readonly Attempt[], plan: RebuildPlan, source: Source): boolean {
  const wanted = fetchSteps(plan.steps);
  return attempts.some((attempt) => {
    const commands = fetchSteps(attempt.plan.steps);
    const isOther = commands.length > 0 && JSON.stringify(commands) !== JSON.stringify(wanted);
    return attempt.source.commit === source.commit && isOther && !failedWith(attempt, 'fetch-failed');
  });
}

function fetchSteps(steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ phase }) => phase === 'fetch');
}

/** What a plan for one candidate is made from. */
export function planRequestOf(request: PlansRequest, source: Source): PlanRequest {
  const { published, repository } = request;
  return {
    published,
    source,
    instant: publishInstant({ registryTime: published.publishedAt, committedAt: source.committedAt }).instant,
    unexplained: unexplainedByCommit(published.artifact.archive, source),
    readText: commitTexts(repository, source),
    tagsBefore: () => repository.tagsBefore(source.commit),
    historyOf: (file) => fileHistory(repository, source.commit, file),
  };
}

async function makeAttempt(
  request: AttemptsRequest,
  planRequest: PlanRequest,
  given: RebuildPlan,
): Promise<Attempt> {
  const started = performance.now();
  const { published, ecosystem } = request;
  const { source } = planRequest;
  const done = await rebuild({ ...request, plan: given, planRequest, onStep: request.progress.onStep });
  const rebuilt = performance.now();
  // A plan may let something stand in for what is gone; only then does what differs say nothing.
  const plan = done.standIns.length > 0 ? { ...given, conclusive: false } : given;
  const { result } = done;
  const searched = result.ok ? await compared(request, { plan, source, rebuilt: result }) : null;
  const comparison = searched?.comparison ?? null;
  const roles = ecosystem.roles(published);
  const archive = result.ok ? result.archive : null;
  const judgement = judge({
    comparison,
    anomalies: published.artifact.archive.anomalies,
    roles,
    source,
    rebuilt: archive,
    ecosystemFindings: ecosystem.findings({ published, rebuilt: archive }),
    signals: attemptSignals({ published, rebuild: done, source }),
    failure: result.ok
      ? (outsideOfCommit(comparison, source) ??
        inconclusive(plan, comparison, done.standIns) ??
        (await guessedTools({
          plan,
          comparison,
          source,
          repairs: done.repairs,
          onInstall: pathsOf(roles, ['runs-on-install']),
        })) ??
        unbuilt(
          { plan, comparison, source },
          {
            entryPoints: pathsOf(roles, ['runs-on-import', 'executable']),
            ignored: await ignoredLines(planRequest),
          },
        ))
      : result.reason,
  });
  return {
    source,
    plan,
    rebuild: { ...done, tools: withTools(done.tools, searched?.tools ?? []) },
    comparison,
    judgement,
    pointsTo: [],
    durationMs: Math.round(performance.now() - started),
    compareMs: Math.round(performance.now() - rebuilt),
  };
}

function pathsOf(roles: ReadonlyMap<string, EntryRole>, wanted: readonly EntryRole[]): readonly string[] {
  return [...roles].flatMap(([path, role]) => (wanted.includes(role) ? [path] : []));
}

/** What git is told to leave out, at the root of the repository and in the package's folder. */
async function ignoredLines({ source, readText }: PlanRequest): Promise<readonly string[]> {
  const { directory } = source;
  const files = directory === '.' ? ['.gitignore'] : ['.gitignore', `${directory}/.gitignore`];
  const texts = await Promise.all(files.map(async (file) => (await readText(file)) ?? ''));
  return texts.flatMap((text) => text.split('\n'));
}

/** Compares what a plan made; where only the packing differs, also what other ways of packing make of the same files. */
async function compared(
  request: AttemptsRequest,
  { plan, source, rebuilt }: { plan: RebuildPlan; source: Source; rebuilt: Rebuilt },
): Promise<Searched> {
  const { published, ecosystem } = request;
  const sides = { published: published.artifact, rebuilt, source };
  const comparison = compare({ ...sides, made: { packer: ecosystem.packerOf(plan), gzip: AS_PACKED } });
  return searchExact({ ...sides, comparison, plan, workshop: request });
}

/** Each tool once. */
function withTools(tools: readonly Tool[], more: readonly Tool[]): readonly Tool[] {
  return [...tools, ...more.filter((one) => !tools.some(({ integrity }) => integrity === one.integrity))];
}
