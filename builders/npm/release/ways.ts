import type { ScriptRun } from '../scripts.ts';
import { coreOf, managerCall, programName } from './calls.ts';
import type { Command, ReleaseRecipe } from './recipe.ts';

/** Variables that are the sandbox's to set, that belong to a service, or that change which code a program loads first. */
const NOT_TO_SET =
  /^(?:PATH|HOME|PWD|SHELL|TMPDIR|USER|CI|LD_.*|DYLD_.*|BASH_ENV|ENV|IFS|NODE_PATH|npm_config_.*|yarn_.*|corepack_.*|(?:github|gh|actions|runner)_.*)$/i;

/**
 * The ways to build that a recipe offers, best first: all that the publisher ran, then only what ran in the package's
 * own folder. A way that the package's own scripts offer already is left out.
 *
 * @param options.directory the package's folder
 * @param options.own the ways of the package's own scripts (`buildWays`)
 */
export function recipeBuildWays(
  recipe: ReleaseRecipe,
  options: { readonly directory: string; readonly own: readonly (readonly ScriptRun[])[] },
): readonly (readonly Command[])[] {
  const commands = recipe.build.map(withSafeEnv);
  const inPackage = commands.filter((command) => command.directory === options.directory);
  const known = new Set(
    options.own.map((way) => way.map((run) => [options.directory, run.script, ...run.args])).map(key),
  );
  return [commands, inPackage].filter((way, index, all) => {
    if (!way.some(makesFiles)) return false;
    const isFirst = all.findIndex((other) => key(other) === key(way)) === index;
    return isFirst && !known.has(key(way.map(asScript)));
  });
}

/** Programs and scripts that only take away. */
const REMOVES =
  /^(?:rm|rmdir|rimraf|del|del-cli|premove|shx|trash|git|clean(?:[:_-](?!(?:pkg|package|publish|json)\b).*)?)$/;

function makesFiles(command: Command): boolean {
  const words = command.argv.map((text) => ({ text, literal: true }));
  const core = coreOf(words);
  const call = managerCall(core);
  const name =
    call === null ? programName(core[0]) : ((call.verb === 'run' ? call.operands[0]?.text : call.verb) ?? '');
  return !REMOVES.test(name) || (name === 'shx' && core[1]?.text !== 'rm');
}

function key(value: unknown): string {
  return JSON.stringify(value);
}

/** `npm run x`, `pnpm x`, `yarn x` as the script that they run; any other command is only itself. */
function asScript(command: Command): readonly unknown[] {
  const words = command.argv.map((text) => ({ text, literal: true }));
  const call = managerCall(coreOf(words));
  const hasMore =
    Object.keys(command.env).length > 0 || call === null || call.directory !== null || call.recursive;
  if (hasMore || call.filters.length > 0) return [command];
  const isRun = call.verb === 'run' || call.verb === 'run-script';
  const script = isRun ? call.operands[0]?.text : call.manager === 'npm' ? null : call.verb;
  if (script == null) return [command];
  const args = command.argv.slice(command.argv.indexOf(script) + 1).filter((word) => word !== '--');
  return [command.directory, script, ...args];
}

function withSafeEnv(command: Command): Command {
  const env = Object.entries(command.env).filter(([name]) => !NOT_TO_SET.test(name));
  return { ...command, env: Object.fromEntries(env) };
}
