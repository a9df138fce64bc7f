import type { Step } from '../model/plan.ts';
import { visible } from '../published/visible.ts';
import { LAYOUT } from '../sandbox/engine.ts';
import { FORWARDER_TARGET } from '../sandbox/layout.ts';

/** Longer commands are no commands that a person typed; the JSON document has them whole. */
const MOST_CHARACTERS = 1200;
/** Variables must not push the command out of sight. */
const MOST_OF_VARIABLES = 400;

/**
 * A step on one line, as one would type it: where, then the command, quoted for a shell. The forwarder to the registry
 * is left out, and so are the variables of `environment` that have the value that is known to all.
 */
export function stepLine(
  step: Pick<Step, 'cwd' | 'env' | 'optional'> & { readonly argv: readonly string[] },
  environment: Readonly<Record<string, string>> = {},
): string {
  const variables = Object.entries(step.env)
    .filter(([name, value]) => !(Object.hasOwn(environment, name) && environment[name] === value))
    .map(([name, value]) => `${name}=${quoted(value)}`);
  const [program, script, ...behind] = step.argv;
  const isForwarded = program === 'node' && script === FORWARDER_TARGET && behind.length > 0;
  const argv = isForwarded ? behind : step.argv;
  const all = variables.join(' ');
  const before = all.length > MOST_OF_VARIABLES ? [`[${variables.length} variables]`] : variables;
  const shown = [...before, shortened(commandLine(argv))].join(' ');
  return visible(`${placeOf(step.cwd)} $ ${shown}${step.optional ? '  # may fail' : ''}`);
}

/** A command as one line, quoted for a shell. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quoted).join(' ');
}

function shortened(command: string): string {
  if (command.length <= MOST_CHARACTERS) return command;
  return `${command.slice(0, MOST_CHARACTERS)}... (${command.length} characters; --json has them all)`;
}

function placeOf(cwd: string): string {
  const inside = `${LAYOUT.work}/`;
  return cwd.startsWith(inside) ? cwd.slice(inside.length) : cwd;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\\': '\\\\', "'": "\\'" };

/** A word for a POSIX shell; bash's `$'...'` where there are control characters, which keeps it on one line. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/\p{Cc}/u.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = word.replaceAll(/[\\'\p{Cc}]/gu, (one) => ESCAPES[one] ?? hexOf(one));
  return `$'${escaped}'`;
}

function hexOf(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
