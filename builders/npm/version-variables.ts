import type { PlanRequest } from '../../src/ecosystem.ts';

const WORKFLOW = /^\.github\/workflows\/[^/]+\.ya?ml$/;
const MOST_WORKFLOWS = 30;
/** `NEXT_VERSION=$(...)` in a script, `NEXT_VERSION: ${{ ... }}` among variables. */
const COMPUTED = /\b([A-Z][A-Z0-9_]{0,60}VERSION)\s{0,4}[=:]\s{0,4}["']?\$[({]/g;
/** Versions of tools. */
const OF_TOOLS = /NODE|NPM|YARN|BUN|DENO|PYTHON|RUST|GO_|JAVA|RUBY|CHROME|TYPESCRIPT|TS_|ENGINE|CACHE|OS_/;

/** Environment variables that a workflow of the repository computes and whose names say that they hold the version. */
export async function versionVariables({ source, readText }: PlanRequest): Promise<readonly string[]> {
  const files = source.tree.filter(({ path }) => WORKFLOW.test(path)).slice(0, MOST_WORKFLOWS);
  const texts = await Promise.all(files.map(({ path }) => readText(path)));
  const names = texts.flatMap((text) => [...(text ?? '').matchAll(COMPUTED)].map(([, name = '']) => name));
  return [...new Set(names)].filter((name) => !OF_TOOLS.test(name));
}
