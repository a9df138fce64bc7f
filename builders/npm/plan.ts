import semver from 'semver';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { type InstallRoot, installRoot } from './install-root.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { buildWays, packBuilds, type ScriptRun } from './scripts.ts';
import { installScriptSteps, installStep, packStep, scriptStep, versionStep } from './steps.ts';

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
 * The plans for an npm package, best first: a bare pack when nothing of the package has to be built (after an install
 * when it bundles dependencies), else install, build, pack in the ways that the package's own scripts offer.
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
  if (builds.length > 0 && !nothingToBuild(context, options.roles)) return builds;
  return [...packPlans(context, { conclusive: builds.length === 0 }), ...builds];
}

/** True when whatever is in no commit is only read by people or programs as data: no build can be its cause. */
function nothingToBuild(context: Context, roles: ReadonlyMap<string, EntryRole>): boolean {
  const inert: readonly (EntryRole | undefined)[] = ['read-by-people', 'data'];
  const manifestMayDiffer = versionToSet(context) !== null;
  return context.request.unexplained.every((path) =>
    path === 'package.json' ? manifestMayDiffer : inert.includes(roles.get(path)),
  );
}

/** Plans that build nothing: a bare pack, unless dependencies have to be there to be packed as well. */
function packPlans(context: Context, { conclusive }: { conclusive: boolean }): readonly RebuildPlan[] {
  const tools = context.tools.pack;
  if (bundles(context)) {
    return locksOf(context).map((locked) => {
      const after = installBuildPack({ context, build: [], locked, scripts: false });
      return { ...after, conclusive: after.conclusive && conclusive };
    });
  }
  const bare = plan(context.request, tools, {
    strategy: 'pack',
    steps: [...versionSteps(context, tools), packing(context, { tools, scripts: false })],
    evidence: versionEvidence(context),
    withGit: false,
    conclusive,
  });
  return [bare];
}

function bundles({ manifest }: Context): boolean {
  return manifest.bundleDependencies || manifest.bundledDependencies;
}

function packing({ request }: Context, options: { tools: ChosenTools; scripts: boolean }): Step {
  const { directory } = request.source;
  return packStep({ directory, npm: options.tools.npm, scripts: options.scripts });
}

/** With the lockfile first, then as a plain install of the time. */
function locksOf({ root }: Context): readonly boolean[] {
  return root.lockfile === null ? [false] : [true, false];
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
  return locksOf(context).flatMap((locked) =>
    ways.map((build) => installBuildPack({ context, build, locked, scripts: true })),
  );
}

function installBuildPack(options: {
  context: Context;
  build: readonly Step[];
  locked: boolean;
  /** Whether packing runs the package's own scripts. */
  scripts: boolean;
}): RebuildPlan {
  const { context, build, locked, scripts } = options;
  const { root, request } = context;
  const tools = context.tools.build;
  const steps = [
    ...(hasDependencies(context) ? [installStep({ root, locked })] : []),
    ...installScriptSteps(root, { dependencies: hasDependencies(context) && mayHaveInstallScripts(context) }),
    ...build,
    ...versionSteps(context, tools),
    packing(context, { tools, scripts }),
  ];
  const strategy = build.length === 0 ? 'install-pack' : 'install-build-pack';
  return plan(request, tools, {
    strategy,
    steps,
    evidence: [...installEvidence(root, locked), ...versionEvidence(context)],
    withGit: true,
    // npm packs bundled dependencies from the package's own node_modules; an install at the root may hoist them away.
    conclusive: !bundles(context) || root.directory === request.source.directory,
  });
}

/** Release robots leave the version open in the commit (`0.0.0-development`) and write it when they publish. */
function versionToSet({ manifest, request }: Context): string | null {
  const { version } = request.published.subject;
  // Of a local file the version may be any text; only a real one becomes an argument.
  const isVersion = semver.valid(version) === version;
  const isOpen = manifest.version === null || /^0\.0\.0(-|$)/.test(manifest.version);
  return isOpen && isVersion && manifest.version !== version ? version : null;
}

function versionSteps(context: Context, { npm }: ChosenTools): readonly Step[] {
  const version = versionToSet(context);
  const { directory } = context.request.source;
  return version === null ? [] : [versionStep({ directory, version, npm })];
}

function versionEvidence(context: Context): readonly Evidence[] {
  const version = versionToSet(context);
  if (version === null) return [];
  const stated = context.manifest.version;
  const says = stated === null ? 'states no version' : `says ${stated.slice(0, 64)}`;
  const detail = `the source's manifest ${says}: ${version} is written into it before packing, as a release robot does`;
  return [{ kind: 'version-set', detail }];
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
    registryTime: registryTime(request),
    clock: request.instant,
    output: LAYOUT.output,
  };
}

/**
 * The commit's author chooses the commit's clock, and with it the instant; nothing that came after the artifact was in
 * the registry can have gone into it. A mirror that notes a later time only leaves the bound loose.
 */
function registryTime({ instant, published }: PlanRequest): string {
  const bound = Date.parse(published.publishedAt ?? '');
  return bound < Date.parse(instant) ? new Date(bound).toISOString() : instant;
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
