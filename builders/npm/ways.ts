import type { Step } from '../../src/model/plan.ts';
import type { TreeFile } from '../../src/model/source.ts';
import { type InstallRoot, join } from './install-root.ts';
import type { Manifest } from './manifest.ts';
import { buildWays, packBuilds, reachedTexts, type ScriptRun, wholeBuilds } from './scripts.ts';
import { toolStep, withPrograms } from './managers/manager.ts';
import type { ReleaseRecipe } from './release/recipe.ts';
import { recipeBuildWays } from './release/ways.ts';
import { scriptStep } from './steps.ts';
import { taskRunnerWays } from './task-runners.ts';
import { members, neededMembers } from './workspace.ts';

/** Steps that make what is published, in order. */
export type Way = readonly Step[];

interface WaysRequest {
  readonly manifest: Manifest;
  readonly root: InstallRoot;
  readonly release: ReleaseRecipe;
  /** The package's own directory. */
  readonly directory: string;
  readonly tree: readonly TreeFile[];
  /** Paths in the package that its commit does not have as they were published. */
  readonly unexplained: readonly string[];
  readText(file: string): Promise<string | null>;
}

/**
 * What can come before packing, so that what is published is there: nothing where packing builds by its own scripts, and the
 * ways to build.
 */
export async function waysToPack(request: WaysRequest): Promise<readonly Way[]> {
  const { manifest, root, directory } = request;
  const explicit = await waysToBuild(request);
  const lifecycle = ['prepare', 'prepack'].filter((name) => manifest.scripts[name] !== undefined);
  const isByHand = await ignoresScripts(request);
  const isOnlyWay = lifecycle.length > 0 && explicit.length === 0;
  const byPacking = !isByHand && (isOnlyWay || (lifecycle.length > 0 && packBuilds(manifest.scripts)));
  const byHand = lifecycle.map((script) =>
    scriptStep({ run: { script, args: [] }, directory, manager: root.manager }),
  );
  // An install at the root of a workspace runs its `prepare`, which may be all that builds.
  const byInstalling = root.directory !== directory && root.manifest.scripts['prepare'] !== undefined;
  return [
    ...(byPacking ? [[]] : []),
    ...explicit,
    ...(isByHand && isOnlyWay ? [byHand] : []),
    ...(byInstalling && !byPacking ? [[]] : []),
  ];
}

/** Where a release says so, it has built the package before; without a build that was understood, packing may be what builds. */
export function packingRunsScripts({ publish, build }: ReleaseRecipe): boolean {
  return publish === null || publish.scripts || build.length === 0;
}

const IGNORES_SCRIPTS = /^[ \t]*ignore-scripts[ \t]*(?:=[ \t]*(?:true|"true")?[ \t]*)?$/m;

/** Whether packing is told to run no lifecycle scripts, and so builds nothing: by the release, or by the repository (npm docs, npmrc). */
async function ignoresScripts({ root, directory, readText, release }: WaysRequest): Promise<boolean> {
  if (!packingRunsScripts(release)) return true;
  const folders = [...new Set([root.directory, directory])];
  const texts = await Promise.all(folders.map((folder) => readText(join(folder, '.npmrc'))));
  return texts.some((text) => text !== null && IGNORES_SCRIPTS.test(text));
}

/**
 * The ways in which a package can be built. A repository of one package is built as its release does it, else by its
 * own scripts; of several, the cheapest comes first: the package's own scripts; the same after those of the packages of
 * the repository that it needs; what the release does; the scripts of the repository's root. The latter two come
 * first for a package without a script that makes all of it.
 */
async function waysToBuild(request: WaysRequest): Promise<readonly Way[]> {
  const { manifest, root, directory } = request;
  const own = stepsOf(manifest, directory, root);
  const released = releaseWays(request);
  if (root.directory === directory)
    return [...released, ...own, ...(await taskRunnerWays(request)), ...programWays(request)];
  const needed = await neededWay(request);
  const after =
    needed.length > 0 && own.length > 0 ? [[...needed, ...memberWay(manifest, directory, root)]] : [];
  const fromRoot = stepsOf(root.manifest, root.directory, root);
  // What only makes a part of the package may be called by what makes all from the root.
  if (wholeBuilds(manifest.scripts).length === 0 && wholeBuilds(root.manifest.scripts).length > 0)
    return [...released, ...fromRoot, ...own, ...after];
  return [...own.slice(0, 1), ...after, ...released, ...fromRoot, ...own.slice(1)];
}

const LONGEST_NAME = 100;

/** The commands that the release runs before it publishes. */
function releaseWays({ release, manifest, directory, root }: WaysRequest): readonly Way[] {
  const own = buildWays(manifest.scripts);
  return recipeBuildWays(release, { directory, own }).map((way) =>
    way.map(({ argv, directory: place, env }) => {
      const step = toolStep({
        name: argv.join(' ').slice(0, LONGEST_NAME),
        phase: 'build',
        argv,
        directory: place,
        env,
        manager: 'pnpm',
      });
      return withPrograms(step, [place, root.directory]);
    }),
  );
}

function stepsOf({ scripts }: Manifest, directory: string, { manager }: InstallRoot): readonly Way[] {
  return buildWays(scripts).map((way) =>
    way.map((run: ScriptRun) => scriptStep({ run, directory, manager })),
  );
}

/** Builds a member of a workspace as after an install there, which npm and pnpm end with the `prepare` of every member. */
function memberWay(member: Manifest, directory: string, root: InstallRoot): Way {
  const { scripts } = member;
  const [build = []] = stepsOf(member, directory, root);
  const runsPrepare = ['npm', 'pnpm'].includes(root.manager) && scripts['prepare'] !== undefined;
  const texts = reachedTexts(scripts, ['prepare']);
  const isBuild = build.some(({ name }) => texts.includes(scripts[name] ?? ''));
  if (!runsPrepare || isBuild) return build;
  const run = { script: 'prepare', args: [] };
  return [{ ...scriptStep({ run, directory, manager: root.manager }), optional: true }, ...build];
}

/** Builds every package of the repository that this one needs; one that cannot be built may not matter. */
async function neededWay(request: WaysRequest): Promise<Way> {
  const all = await members(request);
  return neededMembers(request.manifest, all).flatMap(({ manifest, directory }) =>
    memberWay(manifest, directory, request.root).map((step) => ({
      ...step,
      name: `${step.name} of ${manifest.name ?? directory}`,
      optional: true,
    })),
  );
}

/** Programs of the repository that make a whole package, where its manifest has no script for that. */
const PROGRAM = /^(?:scripts?|build|tools)\/(?:[\w-]+\/)?(?:package|build|dist|bundle)\.(sh|c?js|mjs)$/;
const MOST_PROGRAMS = 3;

function programWays({ tree, directory }: WaysRequest): readonly Way[] {
  const programs = tree.map(({ path }) => path).filter((path) => PROGRAM.test(path));
  return programs.slice(0, MOST_PROGRAMS).map((path) => {
    const argv = [path.endsWith('.sh') ? 'bash' : 'node', path] as const;
    return [toolStep({ name: path, phase: 'build', argv, directory, manager: 'npm' })];
  });
}
