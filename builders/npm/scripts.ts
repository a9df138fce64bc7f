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

/** Words that stand in commands which make files. */
const MAKES =
  /\b(?:build|compile|dist|bundle|tsc|tsup|tshy|tsdown|rollup|webpack|esbuild|babel|swc|vite|unbuild|microbundle|parcel|gulp|grunt|make|ncc|copy|cp|generate|browserify|uglify|terser|zshy|pkgroll|npmignore|dnt)\b/;

/** One command of a plan: `npm run <script>`, with what follows it. */
export interface ScriptRun {
  readonly script: string;
  readonly args: readonly string[];
}

type Scripts = Readonly<Record<string, string>>;

/** Whether `npm pack` itself builds: its lifecycle (`prepare`, `prepack`) holds a command that makes files. */
export function packBuilds(scripts: Scripts): boolean {
  return ['prepare', 'prepack'].some((name) => {
    const text = scripts[name];
    return text !== undefined && expandsToMaking(scripts, text, 4);
  });
}

function expandsToMaking(scripts: Scripts, text: string, depth: number): boolean {
  if (MAKES.test(text)) return true;
  if (depth === 0) return false;
  return [...text.matchAll(/\bnpm run(?:-script)? ([\w:.-]+)/g)].some((match) => {
    const next = scripts[match[1] ?? ''];
    return next !== undefined && expandsToMaking(scripts, next, depth - 1);
  });
}

/**
 * The ways in which a project can be built by its own scripts, best first. A script that is a plain chain of other
 * scripts loses its checks (`clean && compile && lint && test` is run as `clean`, `compile`).
 */
export function buildWays(scripts: Scripts): readonly (readonly ScriptRun[])[] {
  const named = BUILD_NAMES.filter((name) => scripts[name] !== undefined);
  const publishing = ['prepublishOnly', 'prepublish'].filter((name) => MAKES.test(scripts[name] ?? ''));
  const ways = [...named, ...publishing].map((name) => withoutChecks(scripts, name));
  return ways.filter((way, index) => way.length > 0 && ways.findIndex((other) => same(other, way)) === index);
}

function same(a: readonly ScriptRun[], b: readonly ScriptRun[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const CHAIN_LINK =
  /^npm (?:(?:run|run-script) ([\w:.-]+)((?: --)?(?: -{1,2}[\w:.=-]+)*)|(test|t|ci|install|i))$/;

function withoutChecks(scripts: Scripts, name: string): readonly ScriptRun[] {
  const links = (scripts[name] ?? '').split('&&').map((link) => CHAIN_LINK.exec(link.trim()));
  const isChain = links.every((link) => link !== null);
  if (!isChain) return [{ script: name, args: [] }];
  const runs = links.flatMap((link) => {
    const script = link?.[1];
    if (script === undefined || CHECKS.test(script) || scripts[script] === undefined) return [];
    return [{ script, args: (link?.[2] ?? '').split(' ').filter((word) => word !== '' && word !== '--') }];
  });
  return runs;
}
