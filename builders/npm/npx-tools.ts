import type { PlanRequest } from '../../src/ecosystem.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { inSource, toolStep, withRegistry } from './managers/manager.ts';
import type { Manifest } from './manifest.ts';
import type { Reading, Revision } from './revision.ts';
import { afterFetching, manifestAt } from './step-places.ts';

/** `npx rollup`: with a version behind the name npx takes nothing but what it has fetched itself. */
const NPX = /\bnpx\s+(?:(?:-y|--yes|-q|--quiet)\s+)*((?:@\w[\w.-]{0,99}\/)?\w[\w.-]{0,99})(?![\w.@/-])/g;
/** npx in want of the registry, in the words of npm 6 and of later ones. */
const UNREACHED = /request to http:\/\/127\.0\.0\.1:4873\/\S+ failed|npx canceled due to missing packages/;

const TOOLS = `${LAYOUT.work}/npx`;
const LINK =
  'for d in "$@"; do mkdir -p "$d/node_modules/.bin"; for f in ' +
  `${TOOLS}/node_modules/.bin/*; do ` +
  '[ -e "$d/node_modules/.bin/${f##*/}" ] || ln -s "$f" "$d/node_modules/.bin/"; done; done';

/** Tools that scripts start by `npx` and that no manifest names are fetched before the network is gone, as of that time. */
export async function npxTools({ request, plan, went }: Reading): Promise<Revision | null> {
  const isOfScripts = went.kind === 'failed' && (went.code === 'build-failed' || went.code === 'pack-failed');
  if (!isOfScripts || !UNREACHED.test(went.log)) return null;
  if (plan.steps.some(({ name }) => name === NAME)) return null;
  const directories = [...new Set([request.source.directory, '.'])];
  const names = await namesIn(request, directories);
  if (names.length === 0) return null;
  const fetch = toolStep({
    name: NAME,
    phase: 'fetch',
    argv: ['npm', 'install', '--prefix', TOOLS, '--no-save', '--ignore-scripts', ...names],
    directory: '.',
    manager: 'npm',
  });
  const link = toolStep({
    name: 'make the tools of npx known',
    phase: 'build',
    argv: ['bash', '-c', LINK, 'bash', ...directories.map(inSource)],
    directory: '.',
  });
  const why = `scripts start ${names.join(', ')} by npx: fetched before the build, as of that time`;
  return {
    why,
    change: { steps: afterFetching(plan.steps, [withRegistry(fetch), link]), conclusive: false },
  };
}

const NAME = 'fetch the tools of npx';

/** What scripts of these folders start by npx and no manifest of theirs names. */
async function namesIn(request: PlanRequest, directories: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(directories.map((directory) => manifestAt(request, directory)));
  const manifests = found.filter((one): one is Manifest => one !== null);
  const scripts = manifests.flatMap((one) => Object.values(one.scripts));
  const known = new Set(
    manifests.flatMap((one) => Object.keys({ ...one.dependencies, ...one.devDependencies })),
  );
  const names = scripts.flatMap((script) => [...script.matchAll(NPX)].map(([, name = '']) => name));
  return [...new Set(names)].filter((name) => !known.has(name));
}
