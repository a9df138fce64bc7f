import path from 'node:path';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { type InstallRoot, installRoot, rootAt } from './install-root.ts';
import { toolRoleOf } from './managers/manager.ts';
import type { Manifest } from './manifest.ts';
import { isResolved, takenOver } from './other-time.ts';
import type { Reading, Revision } from './revision.ts';
import { reachedTexts } from './scripts.ts';
import { afterFetching, manifestAt } from './step-places.ts';
import { installEvidence, installStep } from './steps.ts';

const FOLDER = String.raw`["']?([\w.@/-]{1,100})["']?`;
const CHANGE = String.raw`\bcd\s+${FOLDER}\s*(?:&&|;)\s*`;
const MANAGER = String.raw`\b(?:npm|yarn|pnpm)\s+(?:--prefix|--cwd|--dir|-C)[ =]${FOLDER}\s+`;
const INSTALL = String.raw`(?:ci|i|install)\b`;
const RUN = String.raw`(?:run|run-script)\s`;

/** `cd browser && npm install`: a script that installs in another folder, where there is no network any more. */
const INSTALLS: readonly RegExp[] = [
  new RegExp(String.raw`${CHANGE}(?:(?:npm|pnpm|yarn)\s+${INSTALL}|yarn\s*(?:$|&&|;|--))`, 'g'),
  new RegExp(MANAGER + INSTALL, 'g'),
];
/** `cd browser && npm run build`: a script that runs one of another folder. */
const RUNS: readonly RegExp[] = [
  new RegExp(String.raw`${CHANGE}(?:(?:npm|pnpm|yarn)\s+${RUN}|yarn\s+\w)`, 'g'),
  new RegExp(MANAGER + RUN, 'g'),
];

/**
 * A script that installs in another folder needs that to be done before the network is gone. A folder in which a script runs another
 * may have dependencies as well, which its maintainers once installed by hand: without them the build fails, or makes something else.
 */
export async function nestedInstall(reading: Reading): Promise<Revision | null> {
  const { request, plan, went } = reading;
  if (went.kind === 'failed' && went.code === 'fetch-failed') return null;
  const scripts = (await manifestAt(request, request.source.directory))?.scripts ?? {};
  const ran = reachedTexts(scripts, [...LIFECYCLE, ...plan.steps.flatMap(scriptRunBy)]);
  const installing = went.kind === 'failed' ? foldersIn(Object.values(scripts), INSTALLS) : [];
  const named = [...installing, ...foldersIn(ran, RUNS)];
  const folders = new Set(named.map((folder) => path.posix.join(request.source.directory, folder)));
  const { steps, evidence } = await installsIn(folders, { request, plan });
  const added = steps.filter(({ name }) => plan.steps.every((step) => step.name !== name));
  if (added.length === 0) return null;
  const change = { steps: afterFetching(plan.steps, added), evidence: [...plan.evidence, ...evidence] };
  // After a difference this is the only change that there will be.
  const taken = went.kind === 'differed' && !isResolved(reading) ? takenOver(reading) : null;
  return {
    why: 'scripts go to other folders: their dependencies are installed before the build, which has no network',
    change: { ...change, ...taken },
  };
}

/** Scripts that packing runs, or people run before it. */
const LIFECYCLE = ['prepare', 'prepack', 'prepublishOnly', 'prepublish'] as const;

function scriptRunBy({ argv }: Step): readonly string[] {
  const at = argv.indexOf('run');
  return at === -1 ? [] : argv.slice(at + 1, at + 2);
}

/** The folders that scripts go to. */
function foldersIn(scripts: readonly string[], patterns: readonly RegExp[]): readonly string[] {
  return scripts.flatMap((script) =>
    patterns.flatMap((one) => [...script.matchAll(one)].map(([, folder = '']) => folder)),
  );
}

async function installsIn(
  folders: ReadonlySet<string>,
  { request, plan }: { readonly request: PlanRequest; readonly plan: RebuildPlan },
): Promise<{ readonly steps: readonly Step[]; readonly evidence: readonly Evidence[] }> {
  const steps: Step[] = [];
  const evidence: Evidence[] = [];
  for (const folder of folders) {
    const root = await rootOfItsOwn(folder, request);
    const version = root === null ? undefined : plan.toolchain[toolRoleOf(root.manager)];
    // Nothing is installed there with a manager that the plan has not.
    if (root === null || version === undefined) continue;
    // As whoever types it: a lockfile there may have grown old.
    const lock = root.lockfile === null ? 'ignored' : 'kept';
    const step = installStep({ root, lock, version });
    steps.push({ ...step, name: `${step.name} in ${folder}` });
    evidence.push(
      ...installEvidence(root, lock).map((one) => ({ ...one, detail: `${folder}: ${one.detail}` })),
    );
  }
  return { steps, evidence };
}

/** Null for a folder whose dependencies are installed elsewhere, or that has none. */
async function rootOfItsOwn(folder: string, { source, readText }: PlanRequest): Promise<InstallRoot | null> {
  if (folder.startsWith('..') || folder === source.directory) return null;
  const context = { directory: folder, tree: source.tree, readText };
  const [own, nearest] = await Promise.all([rootAt(context), installRoot(context)]);
  const isElsewhere = nearest !== null && nearest.directory !== folder && nearest.hasWorkspaces;
  return own === null || isElsewhere || !hasDependencies(own.manifest) ? null : own;
}

function hasDependencies({ dependencies, devDependencies }: Manifest): boolean {
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0;
}
