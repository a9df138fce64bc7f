import type { PlanRequest } from '../../src/ecosystem.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { lackingCommand } from '../../src/sandbox/lacking.ts';
import { inSource, toolStep, withRegistry } from './managers/manager.ts';
import type { Manifest } from './manifest.ts';
import type { Reading, Revision } from './revision.ts';
import { afterFetching, manifestAt } from './step-places.ts';

/** `npx rollup`: with a version behind the name npx takes nothing but what it has fetched itself. */
const NPX = /\bnpx\s+(?:(?:-y|--yes|-q|--quiet)\s+)*((?:@\w[\w.-]{0,99}\/)?\w[\w.-]{0,99})(?![\w.@/-])/g;
/** npx in want of the registry, in the words of npm 6 and of later ones. */
const UNREACHED = /request to http:\/\/127\.0\.0\.1:4873\/\S+ failed|npx canceled due to missing packages/;

/**
 * Commands of tools that people install globally, and their packages. No other name is looked up: whoever publishes a package of the
 * name of a command would have a hand in the rebuild.
 */
const GLOBAL: ReadonlyMap<string, string> = new Map([
  ['babel', 'babel-cli'],
  ['bower', 'bower'],
  ['browserify', 'browserify'],
  ['cake', 'coffeescript'],
  ['coffee', 'coffeescript'],
  ['esbuild', 'esbuild'],
  ['grunt', 'grunt-cli'],
  ['gulp', 'gulp-cli'],
  ['jake', 'jake'],
  ['lerna', 'lerna'],
  ['lessc', 'less'],
  ['mkdirp', 'mkdirp'],
  ['rimraf', 'rimraf'],
  ['rollup', 'rollup'],
  ['terser', 'terser'],
  ['tsc', 'typescript'],
  ['uglifyjs', 'uglify-js'],
  ['webpack', 'webpack'],
]);

const TOOLS = `${LAYOUT.work}/tools`;
const LINK =
  'for d in "$@"; do mkdir -p "$d/node_modules/.bin"; for f in ' +
  `${TOOLS}/node_modules/.bin/*; do ` +
  '[ -e "$d/node_modules/.bin/${f##*/}" ] || ln -s "$f" "$d/node_modules/.bin/"; done; done';
const FETCH_NAME = 'fetch tools that are no dependency';

/**
 * Tools that scripts start by `npx`, or as if they were installed globally, and that are not there: fetched before the network is
 * gone, as of that time.
 */
export async function absentTools({ request, plan, went }: Reading): Promise<Revision | null> {
  const isOfScripts = went.kind === 'failed' && (went.code === 'build-failed' || went.code === 'pack-failed');
  if (!isOfScripts || plan.steps.some(({ name }) => name === FETCH_NAME)) return null;
  const directories = [...new Set([request.source.directory, '.'])];
  const installed = GLOBAL.get(lackingCommand(went.log) ?? '');
  const byNpx = UNREACHED.test(went.log) ? await startedByNpx(request, directories) : [];
  const names = [...(installed === undefined ? [] : [installed]), ...byNpx];
  if (names.length === 0) return null;
  const fetch = toolStep({
    name: FETCH_NAME,
    phase: 'fetch',
    argv: ['npm', 'install', '--prefix', TOOLS, '--no-save', '--ignore-scripts', ...names],
    directory: '.',
    manager: 'npm',
  });
  const link = toolStep({
    name: 'make those tools known',
    phase: 'build',
    argv: ['bash', '-c', LINK, 'bash', ...directories.map(inSource)],
    directory: '.',
  });
  const why = `scripts start ${names.join(', ')}, which are not there: fetched before the build, as of that time`;
  return {
    why,
    change: { steps: afterFetching(plan.steps, [withRegistry(fetch), link]), conclusive: false },
  };
}

/** What scripts of these folders start by npx and no manifest of theirs names. */
async function startedByNpx(
  request: PlanRequest,
  directories: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(directories.map((directory) => manifestAt(request, directory)));
  const manifests = found.filter((one): one is Manifest => one !== null);
  const scripts = manifests.flatMap((one) => Object.values(one.scripts));
  const known = new Set(
    manifests.flatMap((one) => Object.keys({ ...one.dependencies, ...one.devDependencies })),
  );
  const names = scripts.flatMap((script) => [...script.matchAll(NPX)].map(([, name = '']) => name));
  return [...new Set(names)].filter((name) => !known.has(name));
}
