import type { PlanRequest, RevisedPlans } from '../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { isSlippedIn } from '../../src/explain/slipped-in.ts';
import { absentTools } from './absent-tools.ts';
import { cloneName, inFolderNamed } from './folder-name.ts';
import { INSIDE_TARGET } from './inside.ts';
import { MANAGER_NAMES } from './managers/manager.ts';
import { packWithoutScripts } from './pack-without-scripts.ts';
import { fromMadeFolder } from './packers.ts';
import { lenientInstall, peerlessInstalls, withStandIns } from './relax.ts';
import { rerooted } from './rerooted.ts';
import { absentManager, absentYarn, managerInDependencies, managersOfTime } from './other-manager.ts';
import { nodeRefused, nodeTooNew, nodeTooOld } from './other-node.ts';
import { namesGoneFile } from './install-log.ts';
import { npmTooOld, npmOfChangelog, npmOfFiles, npmOfNotes } from './other-npm.ts';
import { clockOfDates, installsAsTakenOver, installWithManifest, olderInstall } from './other-time.ts';
import type { Reading, Revision, Rule } from './revision.ts';
import { nestedInstall } from './nested-install.ts';
import { madeFolders, permissionsStep, publishedPermissions } from './permissions.ts';
import { directoryOf, insertBeforePacking, manifestAt } from './step-places.ts';
import { tablesStep } from './dependency-tables.ts';
import { racedTables } from './raced-order.ts';
import { builtBeforeVersion, placeholderInFiles, versionBeforeBuild } from './written-version.ts';
import { sourceLineEnds } from './source-line-ends.ts';
import { versionHooks } from './version-hooks.ts';
import { documentation, moreScripts } from './more-scripts.ts';
import { forAWhile, managerOf } from './steps.ts';
import { commandPrompt } from './command-prompt.ts';
import { windowsCheckout } from './windows-checkout.ts';
import { unservedDependencies } from './unserved.ts';

/** What a failed log asks for. */
const AFTER_FAILURE: readonly Rule[] = [
  standIns,
  unservedDependencies,
  peerConflict,
  endlessInstall,
  endlessBuild,
  oldCrypto,
  absentManager,
  absentYarn,
  nestedInstall,
  absentTools,
  nodeRefused,
  nodeTooOld,
  nodeTooNew,
  npmTooOld,
  ...installsAsTakenOver,
  tolerantBuild,
  packWithoutScripts,
];
/** What differences point to. */
const AFTER_DIFFERENCE: readonly Rule[] = [
  builtBeforeVersion,
  placeholderInFiles,
  versionBeforeBuild,
  packedElsewhere,
  rerooted,
  windowsCheckout,
  commandPrompt,
  clockOfDates,
  nestedInstall,
  sourceLineEnds,
  otherPermissions,
  racedOrder,
  versionHooks,
  npmOfChangelog,
  npmOfNotes,
  npmOfFiles,
  managerInDependencies,
  documentation,
];
/** What may help where nothing points anywhere. */
const AT_LAST: readonly Rule[] = [
  folderOfClone,
  installWithManifest,
  olderInstall,
  ...installsAsTakenOver,
  managersOfTime,
  moreScripts,
  outsideCi,
];

/** What may be all that is left when a difference has changed the plan. */
const LEFT_OVER: readonly Rule[] = [otherPermissions];

/** How many times in a row a log may change a plan. */
const MOST_AFTER_FAILURE = 4;

/** Reads the log of a failed attempt, or the differences of another one, for what to change in its plan. */
export async function revisedPlans(reading: Reading): Promise<RevisedPlans> {
  const { plan, went } = reading;
  const count = (kind: string) => plan.evidence.filter((one) => one.kind === kind).length;
  const apply = async (rules: readonly Rule[], kind: string) => {
    const revisions = await Promise.all(rules.map(async (rule) => rule(reading)));
    return revisions.flatMap((one) => (one === null ? [] : [revised(plan, one, kind)]));
  };
  if (went.kind === 'failed') {
    const isTooMuch = count(REVISED.failure) >= MOST_AFTER_FAILURE;
    return { next: isTooMuch ? [] : await apply(AFTER_FAILURE, REVISED.failure), last: [] };
  }
  if (count(REVISED.difference) === 1) return { next: await apply(LEFT_OVER, REVISED.difference), last: [] };
  if (count(REVISED.difference) > 1) return { next: [], last: [] };
  const [next, isVain] = await Promise.all([
    apply(AFTER_DIFFERENCE, REVISED.difference),
    isSlippedIn(went.differences),
  ]);
  return { next, last: isVain ? [] : await apply(AT_LAST, REVISED.difference) };
}

const REVISED = { failure: 'revised', difference: 'revised-by-difference' } as const;

function revised(plan: RebuildPlan, { why, change }: Revision, kind: string): RebuildPlan {
  const { evidence } = { ...plan, ...change };
  return { ...plan, ...change, evidence: [...evidence, { kind, detail: why }], fallback: false };
}

/** Versions that the lockfile names may be gone. */
function standIns({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || went.code !== 'fetch-failed' || !namesGoneFile(went.log)) return null;
  const isBerry = /\bYN\d{4}\b/.test(went.log);
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  const manager = isBerry ? 'berry' : MANAGER_NAMES.find((name) => install?.argv.includes(name));
  const steps = manager === undefined ? null : withStandIns(plan.steps, manager);
  const why = 'versions that the lockfile names are gone: their neighbours, or nothing, stand in for them';
  return steps === null ? null : { why, change: { steps } };
}

function peerConflict({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || went.code !== 'fetch-failed' || !/\bERESOLVE\b/.test(went.log)) return null;
  const steps = lenientInstall(plan.steps);
  return steps === null
    ? null
    : { why: 'peer dependencies conflict: installed all the same', change: { steps } };
}

/** A build that watches what it has built never ends: it is given a while. What differs then may only not be there yet. */
function endlessBuild({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || went.code !== 'timed-out' || went.phase !== 'build') return null;
  const isToEnd = ({ phase, optional }: Step) => phase === 'build' && !optional;
  if (!plan.steps.some(isToEnd)) return null;
  const steps = plan.steps.map((step) => (isToEnd(step) ? forAWhile(step) : step));
  return { why: 'the build did not end: given a minute', change: { steps, conclusive: false } };
}

/** npm 7 and later can look for places of conflicting peers without end. */
function endlessInstall({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || went.code !== 'timed-out' || went.phase !== 'fetch') return null;
  const steps = peerlessInstalls(plan.steps);
  const why = 'the install did not end: done without regard for peer dependencies';
  return steps === null ? null : { why, change: { steps } };
}

/** Node 17 came with OpenSSL 3, without the hash that webpack 4 and its like ask for. */
function oldCrypto({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || !went.log.includes('ERR_OSSL_EVP_UNSUPPORTED')) return null;
  const steps = plan.steps.map((step) =>
    step.phase === 'fetch'
      ? step
      : { ...step, env: { ...step.env, NODE_OPTIONS: '--openssl-legacy-provider' } },
  );
  return { why: 'the build asks for a hash of OpenSSL before 3: allowed again', change: { steps } };
}

/** When a step or a link of a chain fails, what follows may be all that is needed; a difference then says nothing. */
async function tolerantBuild({ request, plan, went }: Reading): Promise<Revision | null> {
  if (went.kind !== 'failed' || went.code !== 'build-failed') return null;
  const steps = await Promise.all(plan.steps.map((step) => tolerant(request, step)));
  const why = 'a part of the build failed: the others are run all the same';
  return { why, change: { steps, conclusive: false } };
}

async function tolerant(request: PlanRequest, step: Step): Promise<Step> {
  const [, verb, script = ''] = step.argv;
  if (step.phase !== 'build' || step.optional) return step;
  if (managerOf(step) === null || verb !== 'run') return { ...step, optional: true };
  const scripts = (await manifestAt(request, directoryOf(step)))?.scripts ?? {};
  const text = Object.hasOwn(scripts, script) ? (scripts[script] ?? '') : '';
  if (!text.includes('&&')) return { ...step, optional: true };
  return { ...step, argv: ['node', `${INSIDE_TARGET}/chain.cjs`, script], optional: true };
}

/** When most of what was published is missing, it may have been packed from a folder that the build made. */
function packedElsewhere({ request, plan, went }: Reading): Revision | null {
  if (went.kind !== 'differed' || !plan.steps.some(({ phase }) => phase === 'build')) return null;
  const missing = went.differences.filter(({ kind }) => kind === 'added').map(({ path }) => path);
  const built = request.unexplained.filter((one) => one !== 'package.json');
  const [pack, before] = [plan.steps.at(-1), plan.steps.slice(0, -1)];
  const isMost = missing.length > 0 && missing.length * 2 >= built.length;
  if (pack?.phase !== 'pack' || !isMost) return null;
  const steps = [...before, fromMadeFolder(pack, { ...request, paths: missing })];
  return { why: 'most files are missing: packed from a folder that the build made', change: { steps } };
}

/** Whether files can be executed is as it was on the publisher's disk. */
function otherPermissions({ request, plan, went }: Reading): Revision | null {
  if (went.kind !== 'differed') return null;
  const mode = publishedPermissions(went.differences, request.published.artifact.archive);
  if (mode === null) return null;
  const { directory, tree } = request.source;
  const made = madeFolders(went.differences, { directory, tree });
  const which = made === null ? '' : ` of ${made.join(', ')}`;
  const why = `nothing but permissions differ, all alike: packed after chmod ${mode}${which}`;
  const step = permissionsStep(mode, { directory, folders: made ?? ['.'] });
  return { why, change: { steps: insertBeforePacking(plan.steps, [step]) } };
}

/** Builds may go by the name of the folder in which they run: a clone is called as its repository. */
function folderOfClone({ request, plan, went }: Reading): Revision | null {
  const isBuilt = plan.steps.some(({ phase }) => phase === 'build');
  const hasOther = went.kind === 'differed' && went.differences.some(({ kind }) => kind === 'content');
  const name = isBuilt && hasOther ? cloneName(request.source.repository) : null;
  if (name === null) return null;
  const why = `built files differ: built in a folder called ${name}, as a clone of the repository is`;
  return { why, change: { steps: inFolderNamed(plan.steps, name) } };
}

/** Some builds do more, or something else, where `CI` is set; people who publish from their own machine have none. */
function outsideCi({ plan, went }: Reading): Revision | null {
  const isBuilt = plan.steps.some(({ phase, optional }) => phase === 'build' && !optional);
  if (!isBuilt || went.kind !== 'differed') return null;
  const steps = plan.steps.map((step) =>
    step.phase === 'fetch'
      ? step
      : { ...step, env: Object.fromEntries(Object.entries(step.env).filter(([name]) => name !== 'CI')) },
  );
  return { why: 'built files differ: built without CI in the environment', change: { steps } };
}

/** What pnpm leaves to chance is taken from the artifact; the versions stay those of the rebuild. */
function racedOrder({ request, plan, went }: Reading): Revision | null {
  const isPnpm = plan.steps.some(({ phase, argv }) => phase === 'pack' && argv.includes('pnpm'));
  const tables = isPnpm && went.kind === 'differed' ? racedTables(went.differences) : null;
  if (tables === null) return null;
  const why =
    'pnpm writes dependencies on the workspace in an order that is chance: the published one is taken';
  const step = tablesStep('write the dependencies in the published order', {
    tables,
    directory: request.source.directory,
  });
  return { why, change: { steps: insertBeforePacking(plan.steps, [step]) } };
}
