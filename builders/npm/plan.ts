import type { PlanRequest } from '../../src/ecosystem.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { type BeforePacking, beforePacking } from './before-packing.ts';
import { type CleanedCopy, cleanedCopy } from './clean-publish.ts';
import { compiledByHand } from './compile-by-hand.ts';
import { gitArchive, gitArchivePlan, type PlanParts } from './git-archive.ts';
import { type InstallRoot, installRoot, join } from './install-root.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { MANAGERS } from './managers/index.ts';
import { type LockUse, type ManagerName, toolRoleOf } from './managers/manager.ts';
import { nodeVersionFile } from './node-version-file.ts';
import { fromMadeFolder, packStep } from './packers.ts';
import { hasScriptsAround, mentionedManagers, packBuilds } from './scripts.ts';
import { installEvidence, installScriptSteps, installStep } from './steps.ts';
import type { ReleaseRecipe } from './release/recipe.ts';
import { readRelease } from './release/release.ts';
import { afterFetching } from './step-places.ts';
import { guessesVersion, versionEvidence, versionSteps, versionToSet } from './version-to-set.ts';
import { packingRunsScripts, waysToPack } from './ways.ts';

/** The tools that a plan was given, and why these. */
export interface ChosenTools {
  /** Exact versions by role (see toolchain/parts.ts); Node and npm are always among them. */
  readonly versions: Readonly<Record<string, string>>;
  readonly evidence: readonly Evidence[];
}

/** What the choice of tools can go by. */
export interface ToolClues {
  readonly purpose: 'build' | 'pack';
  readonly manifest: Manifest;
  readonly root: InstallRoot;
  /** Package managers that have to be there, npm aside. */
  readonly managers: readonly ManagerName[];
  /** Node in the words of an `.nvmrc`: of the job that publishes, else of a file for people. */
  readonly nodeVersion: string | null;
  /** How the maintainers publish, as far as the repository says. */
  readonly release: ReleaseRecipe;
}

interface Context {
  readonly request: PlanRequest;
  readonly manifest: Manifest;
  readonly root: InstallRoot;
  readonly packer: ManagerName;
  readonly release: ReleaseRecipe;
  readonly tools: Readonly<Record<ToolClues['purpose'], ChosenTools>>;
  readonly lockfileText: string | null;
  readonly before: BeforePacking;
}

/**
 * The plans for an npm package, best first: a bare pack when nothing of the package has to be built (after an install
 * when packing needs the dependencies), else install, build, pack in the ways that the repository offers.
 *
 * @param roles what each published entry can do
 * @param packer whose marks the published archive bears
 * @param choose picks the tools
 */
export async function npmPlans(
  request: PlanRequest,
  options: {
    roles: ReadonlyMap<string, EntryRole>;
    packer: ManagerName;
    choose: (clues: ToolClues) => Promise<ChosenTools>;
  },
): Promise<readonly RebuildPlan[]> {
  const { source, readText } = request;
  const { packer } = options;
  const manifestText = await readText(join(source.directory, 'package.json'));
  const manifest = manifestText === null ? null : parseManifest(manifestText);
  const root = await installRoot({ directory: source.directory, tree: source.tree, readText });
  if (manifest === null || root === null) return [];
  const { name } = request.published.subject;
  const release = await readRelease({ ...source, name, readText });
  const nodeVersion = release.nodeVersion ?? (await nodeVersionFile(request));
  const clues = { manifest, root, release, nodeVersion };
  const mentioned = mentionedManagers([
    ...[root.manifest, manifest].flatMap((one) => Object.values(one.scripts)),
    ...release.build.map(({ argv }) => argv.join(' ')),
  ]);
  const building = [...new Set([root.manager, packer, ...mentioned])];
  const [pack, build] = await Promise.all([
    options.choose({ ...clues, purpose: 'pack', managers: [packer] }),
    options.choose({ ...clues, purpose: 'build', managers: building }),
  ]);
  const lockfileText = root.lockfile === null ? null : await readText(root.lockfile.path);
  const tools = { pack, build };
  const before = await beforePacking(request, { manifest, packer });
  const context: Context = { request, manifest, root, packer, release, tools, lockfileText, before };
  const builds = await buildPlans(context);
  const copy = cleanedCopy(request, manifest);
  const archive = gitArchive(request.published.artifact.archive);
  const isToBuild = !nothingToBuild(context, options.roles);
  const guesses = isToBuild ? guessedBuilds(context, builds) : [];
  const plans =
    builds.length > 0 && isToBuild
      ? [...builds, ...guesses]
      : [
          ...packPlans(context, {
            conclusive: builds.length === 0 && copy === null && !packsUnknownFolder(context),
          }),
          ...builds,
          ...guesses,
        ];
  if (archive?.commit === source.commit)
    return [plan(context, context.tools.pack, gitArchivePlan(archive)), ...plans];
  if (copy === null) return plans;
  return [
    cleanedPlan(context, copy, { conclusive: builds.length === 0 }),
    ...builds.map((built) => cleanedBuild(context, copy, built)),
    ...plans,
  ];
}

/** Packs the copy that a cleaning tool makes of the commit, in place of the package itself. */
function cleanedPlan(
  context: Context,
  copy: CleanedCopy,
  { conclusive }: { readonly conclusive: boolean },
): RebuildPlan {
  const tools = context.tools.pack;
  return plan(context, tools, {
    strategy: 'clean-pack',
    steps: [copy.fetch, ...versionSteps(context, tools.versions), copy.clean, packedCopy(context, tools)],
    evidence: [copy.evidence, ...versionEvidence(context)],
    withGit: false,
    conclusive,
    fallback: false,
  });
}

/** A build whose result goes through a cleaning tool before it is packed. */
function cleanedBuild(context: Context, copy: CleanedCopy, built: RebuildPlan): RebuildPlan {
  const unpacked = built.steps.filter(({ phase }) => phase !== 'pack');
  return {
    ...built,
    steps: [...afterFetching(unpacked, [copy.fetch]), copy.clean, packedCopy(context, context.tools.build)],
    evidence: [...built.evidence, copy.evidence],
  };
}

/** Packs the folder that a cleaning tool made. */
function packedCopy(context: Context, tools: ChosenTools): Step {
  const { published } = context.request;
  const paths = published.artifact.archive.entries.map(({ path }) => path);
  return fromMadeFolder(ownPack(context, { tools, scripts: false }), { ...context.request, paths });
}

/** The folder that has to be packed, where it is not the package's own. */
function otherFolder({ release, manifest, packer, request }: Context): string | null {
  const { directory } = request.source;
  const inConfig = manifest.publishConfig.directory;
  const configured = inConfig === null ? null : join(directory, inConfig);
  const stated = release.publish?.directory ?? null;
  const folder = stated !== null && stated !== directory ? stated : configured;
  // pnpm goes there by itself.
  return packer === 'pnpm' && folder === configured ? null : folder;
}

/** True when the release packs a folder that is neither in the commit nor made by anything that is known to run. */
function packsUnknownFolder(context: Context): boolean {
  const folder = otherFolder(context);
  const inCommit = context.request.source.tree.some(({ path }) => path.startsWith(`${folder ?? ''}/`));
  return folder !== null && !inCommit && context.release.build.length === 0;
}

/** True when whatever is in no commit is only read by people or programs as data: no build can be its cause. */
function nothingToBuild(context: Context, roles: ReadonlyMap<string, EntryRole>): boolean {
  const inert: readonly (EntryRole | undefined)[] = ['read-by-people', 'data'];
  const manifestMayDiffer =
    versionToSet(context) !== null || context.packer !== 'npm' || context.before.changesManifest;
  return context.request.unexplained.every((path) =>
    path === 'package.json' ? manifestMayDiffer : inert.includes(roles.get(path)),
  );
}

/** Plans that build nothing: a bare pack, unless dependencies have to be there to be packed as well. */
function packPlans(context: Context, { conclusive }: { conclusive: boolean }): readonly RebuildPlan[] {
  if (bundles(context) || packerNeedsInstall(context)) {
    return lockUses(context).map((lock) => {
      const after = installBuildPack({ context, build: [], lock, scripts: 'none' });
      return { ...after, conclusive: after.conclusive && conclusive };
    });
  }
  const tools = context.tools.pack;
  const bare = plan(context, tools, {
    strategy: 'pack',
    steps: [
      ...versionSteps(context, tools.versions),
      ...context.before.steps,
      packing(context, { tools, scripts: false }),
    ],
    evidence: [...versionEvidence(context), ...context.before.evidence],
    withGit: false,
    conclusive,
    fallback: false,
  });
  return [bare];
}

function bundles({ manifest }: Context): boolean {
  return manifest.bundleDependencies || manifest.bundledDependencies;
}

/** Berry packs only what is installed, and pnpm reads what `workspace:` stands for from the installed packages. */
function packerNeedsInstall({ packer, manifest }: Context): boolean {
  if (packer === 'berry') return true;
  const tables = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  const ranges = tables.flatMap((table) => Object.values(table));
  return packer !== 'npm' && ranges.some((range) => /^(?:workspace|catalog):/.test(range));
}

interface Packing {
  readonly tools: ChosenTools;
  /** Whether the package's own lifecycle scripts run. */
  readonly scripts: boolean;
}

function packing(context: Context, options: Packing): Step {
  const step = ownPack(context, options);
  const { request, release } = context;
  const ownFirst = otherFolder(context) === null;
  if (ownFirst && release.publish?.isElsewhere !== true) return step;
  const paths = request.published.artifact.archive.entries.map(({ path }) => path);
  return fromMadeFolder(step, {
    ...request,
    paths: paths.filter((path) => path !== 'package.json'),
    ownFirst,
  });
}

/** Packs the package's own folder. */
function ownPack({ request, packer }: Context, { tools: { versions }, scripts }: Packing): Step {
  return packStep(packer, { directory: request.source.directory, versions, scripts });
}

/** The ways in which dependencies can be resolved, most exact first. */
function lockUses({ root }: Context): readonly LockUse[] {
  return root.lockfile === null ? (['ignored'] as const) : MANAGERS[root.manager].lockUses;
}

async function buildPlans(context: Context): Promise<readonly RebuildPlan[]> {
  const { manifest, root, request, release } = context;
  const { directory, tree } = request.source;
  const { unexplained, readText } = request;
  const ways = await waysToPack({ manifest, root, release, directory, tree, unexplained, readText });
  const scripts = packingRunsScripts(release) ? 'packing' : 'installing';
  return lockUses(context).flatMap((lock) =>
    ways.map((build) => installBuildPack({ context, build, lock, scripts })),
  );
}

/** Plans for a package that nothing builds, as far as the repository says; they can only reproduce it. */
function guessedBuilds(context: Context, builds: readonly RebuildPlan[]): readonly RebuildPlan[] {
  const { manifest, root, request } = context;
  const isBuilt = builds.some(({ strategy }) => strategy === 'install-build-pack');
  if (isBuilt || packBuilds(manifest.scripts)) return [];
  const ways = compiledByHand({ manifest, root, ...request.source });
  return lockUses(context).flatMap((lock) =>
    ways.map((build) => {
      const guess = installBuildPack({ context, build, lock, scripts: 'packing' });
      const detail = `nothing says how this is built: ${build.map(({ name }) => name).join(', ')} is tried`;
      return {
        ...guess,
        conclusive: false,
        evidence: [...guess.evidence, { kind: 'guessed-build', detail }],
      };
    }),
  );
}

function installBuildPack(options: {
  context: Context;
  build: readonly Step[];
  lock: LockUse;
  /** When the package's own `prepare` is run: by what packs, along with what else that runs, or by the install. */
  scripts: 'packing' | 'installing' | 'none';
}): RebuildPlan {
  const { context, build, lock } = options;
  const { root, request, before } = context;
  const packsWithScripts = options.scripts === 'packing';
  const tools = context.tools.build;
  const isNested = root.directory !== request.source.directory;
  const installs = hasDependencies(context);
  const version = tools.versions[toolRoleOf(root.manager)] ?? '';
  const steps = [
    ...(installs ? [installStep({ root, lock, version })] : []),
    ...installScriptSteps(root, {
      dependencies: installs && mayHaveInstallScripts(context),
      // npm runs it itself when it packs the very folder, but not what belongs before and after it.
      prepare:
        options.scripts === 'installing' ||
        (packsWithScripts &&
          (isNested || context.packer !== 'npm' || hasScriptsAround(root.manifest.scripts, 'prepare'))),
    }),
    ...build,
    ...versionSteps(context, tools.versions, versionedFolder(context)),
    ...before.steps,
    packing(context, { tools, scripts: packsWithScripts }),
  ];
  const strategy = build.length === 0 ? 'install-pack' : 'install-build-pack';
  return plan(context, tools, {
    strategy,
    steps,
    evidence: [...installEvidence(root, lock), ...versionEvidence(context), ...before.evidence],
    withGit: true,
    // npm packs bundled dependencies from the package's own node_modules; an install at the root may hoist them away.
    conclusive: !bundles(context) || !isNested,
    fallback: lock !== 'frozen' && root.lockfile !== null,
  });
}

/** Where the release writes the version: into the package's own folder, or into the one below it that it packs. */
function versionedFolder({ release, request }: Context): string {
  const { directory: own } = request.source;
  const stated = release.publish?.setsVersion === true ? release.publish.directory : null;
  return stated !== null && (own === '.' || stated.startsWith(`${own}/`)) ? stated : own;
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

/** npm's lockfiles from version 2 on mark the packages with install scripts; without marks they have to be looked for. */
function mayHaveInstallScripts({ root, lockfileText }: Context): boolean {
  const marked = root.manager === 'npm' && Number(root.lockfile?.version ?? 1) >= 2 && lockfileText !== null;
  return !marked || lockfileText.includes('"hasInstallScript": true') || root.manifest.workspaces.length > 0;
}

/** Of how the release goes; the rest is what was not understood. */
const MOST_EVIDENCE = 4;

function plan(context: Context, tools: ChosenTools, parts: PlanParts): RebuildPlan {
  const { request } = context;
  return {
    ...parts,
    conclusive: parts.conclusive && !guessesVersion(context),
    toolchain: tools.versions,
    evidence: [...tools.evidence, ...context.release.evidence.slice(0, MOST_EVIDENCE), ...parts.evidence],
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
