import type { PlanRequest } from '../../src/ecosystem.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { type InstallRoot, installRoot } from './install-root.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { buildWays, packBuilds, type ScriptRun } from './scripts.ts';
import { installScriptSteps, installStep, packStep, scriptStep } from './steps.ts';

/** The tools that a plan was given, and why these. */
export interface ChosenTools {
  readonly node: string;
  readonly npm: string;
  readonly evidence: readonly Evidence[];
}

/** What the choice of tools can go by. */
export interface ToolClues {
  readonly purpose: 'build' | 'pack';
  readonly manifest: Manifest;
  readonly rootManifest: Manifest;
  readonly nodeVersionFile: string | null;
  readonly lockfileVersion: number | null;
}

interface Context {
  readonly request: PlanRequest;
  readonly manifest: Manifest;
  readonly root: InstallRoot;
  readonly tools: Readonly<Record<ToolClues['purpose'], ChosenTools>>;
  readonly lockfileText: string | null;
}

/**
 * The plans for an npm package, best first: a bare pack when nothing of the package has to be built, else install,
 * build, pack in the ways that the package's own scripts offer.
 *
 * @param roles what each published entry can do
 * @param choose picks Node and npm
 */
export async function npmPlans(
  request: PlanRequest,
  options: {
    roles: ReadonlyMap<string, EntryRole>;
    choose: (clues: ToolClues) => ChosenTools;
  },
): Promise<readonly RebuildPlan[]> {
  const { source, readText } = request;
  const manifestText = await readText(inDirectory(source.directory, 'package.json'));
  const manifest = manifestText === null ? null : parseManifest(manifestText);
  const root = await installRoot({ directory: source.directory, tree: source.tree, readText });
  if (manifest === null || root === null) return [];
  const clues = {
    manifest,
    rootManifest: root.manifest,
    nodeVersionFile: await nodeVersionFile(request),
    lockfileVersion: root.lockfile?.version ?? null,
  };
  const tools = {
    pack: options.choose({ ...clues, purpose: 'pack' }),
    build: options.choose({ ...clues, purpose: 'build' }),
  };
  const lockfileText = root.lockfile === null ? null : await readText(root.lockfile.path);
  const context: Context = { request, manifest, root, tools, lockfileText };
  const builds = buildPlans(context);
  if (builds.length > 0 && !nothingToBuild(request, options.roles)) return builds;
  return [packOnly(context, { conclusive: builds.length === 0 }), ...builds];
}

/** True when whatever is in no commit is only read by people or programs as data: no build can be its cause. */
function nothingToBuild(request: PlanRequest, roles: ReadonlyMap<string, EntryRole>): boolean {
  const inert: readonly (EntryRole | undefined)[] = ['read-by-people', 'data'];
  return request.unexplained.every((path) => path !== 'package.json' && inert.includes(roles.get(path)));
}

function packOnly(context: Context, { conclusive }: { conclusive: boolean }): RebuildPlan {
  const { source } = context.request;
  const tools = context.tools.pack;
  const step = packStep({ directory: source.directory, npm: tools.npm, scripts: false });
  return plan(context.request, tools, {
    strategy: 'pack',
    steps: [step],
    evidence: [],
    withGit: false,
    conclusive,
  });
}

function buildPlans(context: Context): readonly RebuildPlan[] {
  const { manifest, root } = context;
  const { directory } = context.request.source;
  const lifecycle = ['prepare', 'prepack'].some((name) => manifest.scripts[name] !== undefined);
  const own = buildWays(manifest.scripts).map((way) => way.map((run) => scriptStep(run, directory)));
  const fromRoot =
    own.length === 0 && root.directory !== directory
      ? buildWays(root.manifest.scripts).map((way) =>
          way.map((run: ScriptRun) => scriptStep(run, root.directory)),
        )
      : [];
  const explicit: readonly (readonly Step[])[] = [...own, ...fromRoot];
  const byPacking = lifecycle && (packBuilds(manifest.scripts) || explicit.length === 0);
  const ways = byPacking ? [[], ...explicit] : explicit;
  const locks = root.lockfile === null ? [false] : [true, false];
  return locks.flatMap((locked) => ways.map((build) => installBuildPack({ context, build, locked })));
}

function installBuildPack(options: {
  context: Context;
  build: readonly Step[];
  locked: boolean;
}): RebuildPlan {
  const { context, build, locked } = options;
  const { root, request } = context;
  const tools = context.tools.build;
  const steps = [
    ...(hasDependencies(context) ? [installStep({ root, locked })] : []),
    ...installScriptSteps(root, { dependencies: hasDependencies(context) && mayHaveInstallScripts(context) }),
    ...build,
    packStep({ directory: request.source.directory, npm: tools.npm, scripts: true }),
  ];
  const strategy = build.length === 0 ? 'install-pack' : 'install-build-pack';
  return plan(request, tools, {
    strategy,
    steps,
    evidence: installEvidence(root, locked),
    withGit: true,
    conclusive: true,
  });
}

function hasDependencies({ manifest, root }: Context): boolean {
  const tables = [manifest, root.manifest].flatMap((one) => [
    one.dependencies,
    one.devDependencies,
    one.optionalDependencies,
    one.peerDependencies,
  ]);
  return tables.some((table) => Object.keys(table).length > 0);
}

/** Lockfiles from version 2 on mark the packages with install scripts; without marks they have to be looked for. */
function mayHaveInstallScripts({ root, lockfileText }: Context): boolean {
  const marked = (root.lockfile?.version ?? 1) >= 2 && lockfileText !== null;
  return !marked || lockfileText.includes('"hasInstallScript": true') || root.manifest.workspaces.length > 0;
}

function installEvidence(root: InstallRoot, locked: boolean): readonly Evidence[] {
  if (locked) return [{ kind: 'lockfile', detail: `${root.lockfile?.path ?? ''} is followed exactly` }];
  const unused = root.lockfile?.path ?? root.foreignLockfile;
  const detail =
    unused === null
      ? 'no lockfile: dependencies are resolved as of the publish time'
      : `${unused} is not followed: dependencies are resolved as of the publish time`;
  return [{ kind: 'resolution', detail }];
}

function plan(
  request: PlanRequest,
  tools: ChosenTools,
  parts: Pick<RebuildPlan, 'strategy' | 'steps' | 'evidence' | 'withGit' | 'conclusive'>,
): RebuildPlan {
  return {
    ...parts,
    toolchain: { node: tools.node, npm: tools.npm },
    evidence: [...tools.evidence, ...parts.evidence],
    registryTime: request.instant,
    clock: request.instant,
    output: LAYOUT.output,
  };
}

/** The version that `.nvmrc` or `.node-version` names, nearest to the package first. */
async function nodeVersionFile(request: PlanRequest): Promise<string | null> {
  const { directory } = request.source;
  for (const place of directory === '.' ? ['.'] : [directory, '.']) {
    for (const name of ['.nvmrc', '.node-version']) {
      const text = await request.readText(inDirectory(place, name));
      if (text !== null && text.trim() !== '') return text.trim();
    }
  }
  return null;
}

function inDirectory(directory: string, file: string): string {
  return directory === '.' ? file : `${directory}/${file}`;
}
