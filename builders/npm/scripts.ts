import type { ManagerName } from './managers/manager.ts';

/** Scripts that make what is published, most telling name first. */
const BUILD_NAMES = [
  'build',
  'compile',
  'dist',
  'bundle',
  'build:prod',
  'build:lib',
  'build:all',
  'make',
] as const;

/** Scripts that check and do not make: their result is not in the package, and offline they often fail. */
const CHECKS =
  /^(?:pre|post)?(?:test|tests|lint|check|coverage|cover|format|prettier|eslint|docs?|size|audit|verify|bench)(?:[:_-].*)?$/;

/** Whether a script by its name only checks. */
export function isCheck(name: string): boolean {
  return CHECKS.test(name);
}

/** Words that stand in commands which make files. */
const MAKES =
  /\b(?:build|compile|dist|bundle|tsc|tsup|tshy|tsdown|rollup|webpack|esbuild|babel|swc|vite|unbuild|microbundle|parcel|gulp|grunt|make|ncc|copy|cp|generate|browserify|uglify|terser|zshy|pkgroll|npmignore|dnt|dts-buddy|api-extractor|svelte-package|obuild|rolldown|rspack|bili|ng-packagr|sass|peggy|pegjs|jison|nearleyc|wasm-pack|coffee|lsc)\b/;

/** A command that runs a program of the repository itself. */
const OWN_PROGRAM = /(?:^|[;&|(]|\bexec)\s*(?:node|ts-node|tsx|esno|babel-node|bash|sh)\s+([\w./][\w./-]*)/g;

/** Programs that by their names check, or see to the release or the repository. */
const HAS_OTHER_ENDS = /test|lint|check|verify|valid|assert|release|publish|version|bump|hook|install|husky/i;

/** Whether a script has a command that makes files. */
function makesFiles(text: string): boolean {
  const programs = [...text.matchAll(OWN_PROGRAM)].map(([, program = '']) => program);
  return MAKES.test(text) || programs.some((program) => !HAS_OTHER_ENDS.test(program));
}

/** One command of a plan: `npm run <script>`, with what follows it. */
export interface ScriptRun {
  readonly script: string;
  readonly args: readonly string[];
}

export type Scripts = Readonly<Record<string, string>>;

/** Whether `npm pack` itself builds: its lifecycle (`prepare`, `prepack`) holds a command that makes files. */
export function packBuilds(scripts: Scripts): boolean {
  return expandsToMaking(scripts, ['prepare', 'prepack']);
}

/** Whether a manager runs other scripts before or after one (https://docs.npmjs.com/cli/using-npm/scripts#pre--post-scripts). */
export function hasScriptsAround(scripts: Scripts, name: string): boolean {
  return scripts[`pre${name}`] !== undefined || scripts[`post${name}`] !== undefined;
}

/** A script that another one calls, by whichever package manager. */
const CALLED = /\b(?:npm run(?:-script)?|(?:pnpm|yarn|bun)(?: run)?) ([\w:.-]+)/g;

/** Whether one of these scripts makes files, by itself or through those that it runs. */
function expandsToMaking(scripts: Scripts, names: readonly string[]): boolean {
  return reachedTexts(scripts, names).some(makesFiles);
}

/** The texts of scripts, and of those that they run. */
export function reachedTexts(scripts: Scripts, names: readonly string[]): readonly string[] {
  // A set can grow while it is gone through: each script is read once, however often it is called.
  const reached = new Set(names);
  for (const name of reached)
    for (const [, called = ''] of (scriptOf(scripts, name) ?? '').matchAll(CALLED)) reached.add(called);
  return [...reached].flatMap((name) => scriptOf(scripts, name) ?? []);
}

/** A script of the manifest; `constructor` and the like are not, unless it has them itself. */
function scriptOf(scripts: Scripts, name: string): string | undefined {
  return Object.hasOwn(scripts, name) ? scripts[name] : undefined;
}

const MOST_OTHERS = 3;

/**
 * The ways in which a project can be built by its own scripts, best first. A script that is a plain chain of other
 * scripts loses its checks (`clean && compile && lint && test` is run as `clean`, `compile`).
 */
export function buildWays(scripts: Scripts): readonly (readonly ScriptRun[])[] {
  const whole = wholeBuilds(scripts);
  const others = whole.some((name) => !PUBLISHING.includes(name))
    ? []
    : otherMakers(scripts).slice(0, MOST_OTHERS);
  const ways = [...whole, ...others].map((name) => withoutChecks(scripts, name));
  return ways.filter((way, index) => way.length > 0 && ways.findIndex((other) => same(other, way)) === index);
}

const PUBLISHING: readonly string[] = ['prepublishOnly', 'prepublish'];

/** Scripts that are called as those are that make all there is, most telling name first. */
export function wholeBuilds(scripts: Scripts): readonly string[] {
  const named = BUILD_NAMES.filter((name) => scriptOf(scripts, name) !== undefined);
  const makes = (name: string) => makesFiles(scriptOf(scripts, name) ?? '');
  const found = [...named, ...PUBLISHING.filter(makes)];
  // Tools that release run it, and so do people.
  return found.length > 0 ? found : ['prerelease'].filter(makes);
}

function same(a: readonly ScriptRun[], b: readonly ScriptRun[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const CHAIN_LINK =
  /^(?:(?:npm run(?:-script)?|(?:pnpm|yarn|bun)(?: run)?) ([\w:.-]+)((?: -[\w:.=-]+)*)|npm (test|t|ci|install|i))$/;

function withoutChecks(scripts: Scripts, name: string): readonly ScriptRun[] {
  const whole = [{ script: name, args: [] }];
  const runs: ScriptRun[] = [];
  for (const link of (scriptOf(scripts, name) ?? '').split('&&')) {
    const [found, script, args = ''] = CHAIN_LINK.exec(link.trim()) ?? [];
    if (found === undefined) return whole;
    if (script === undefined || isCheck(script)) continue;
    // A script that other packages of the workspace have, or a program of the dependencies.
    if (scriptOf(scripts, script) === undefined) return whole;
    runs.push({ script, args: args.split(' ').filter((word) => word !== '' && word !== '--') });
  }
  return runs;
}

const OTHER_MAKERS =
  /^(?:build|compile|dist|bundle|types?|typings|dts|declarations?|generate|gen|emit)(?:[:_-].+)?$/;
const NOT_MAKERS =
  /(?:watch|dev|serve|start|test|lint|check|docs?|site|analy[sz]e|size|clean|release|publish|debug|bench)/;

/** A compiler that is told to write nothing. */
const ONLY_CHECKS = /--no-?emit\b/i;

/** Scripts besides the main build that may make files of their own: declarations, bundles, generated sources. */
export function otherMakers(scripts: Scripts): readonly string[] {
  return Object.entries(scripts)
    .filter(([name, text]) => OTHER_MAKERS.test(name) && !NOT_MAKERS.test(name) && !ONLY_CHECKS.test(text))
    .map(([name]) => name);
}

/** Package managers that commands call by name: they have to be there, whoever installs. */
export function mentionedManagers(commands: readonly string[]): readonly ManagerName[] {
  return (['pnpm', 'yarn', 'bun'] as const).filter((name) =>
    new RegExp(`(?:^|[\\s;&|(])${name}(?: |$)`, 'm').test(commands.join('\n')),
  );
}
