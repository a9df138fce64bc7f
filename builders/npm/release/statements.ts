import { programName } from './calls.ts';
import { insideRepository } from './paths.ts';
import type { Command } from './recipe.ts';
import { commandLines, type Line, type Output, type Word } from './shell.ts';

/** One command of a script, read in its place. */
export interface Statement {
  /** Without leading assignments; words that expand are marked. */
  readonly words: readonly Word[];
  /** What can be run as it stands; null when it cannot. */
  readonly command: Command | null;
  /** Where it runs; null when that is not known. */
  readonly directory: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Why it is no simple command. */
  readonly problem: string | null;
}

interface State {
  /** Null: not known any more. */
  directory: string | null;
  env: Readonly<Record<string, string>>;
  /** How many `if`, `for`, `{` are open. */
  depth: number;
  /** Folders to return to at `)` or `popd`. */
  readonly outer: (string | null)[];
  readonly pushed: (string | null)[];
}

/** Words that begin or go on with a compound command (POSIX XCU, section 2.4), with what they do to the depth. */
const KEYWORDS: ReadonlyMap<string, number> = new Map([
  ['if', 1],
  ['for', 1],
  ['while', 1],
  ['until', 1],
  ['case', 1],
  ['select', 1],
  ['{', 1],
  ['fi', -1],
  ['done', -1],
  ['esac', -1],
  ['}', -1],
  ['then', 0],
  ['else', 0],
  ['elif', 0],
  ['do', 0],
  ['!', 0],
]);

/** The most commands of one script that are looked at. */
const MOST = 200;

/**
 * The commands of a script, with the folder and the variables that `cd`, `export` and assignments give them. Only
 * plain ones become a command; what is conditional, piped, redirected or expanded does not, with the reason.
 */
export function statementsOf(
  script: string,
  start: { readonly directory: string; readonly env: Readonly<Record<string, string>> },
): readonly Statement[] {
  const state: State = { directory: start.directory, env: start.env, depth: 0, outer: [], pushed: [] };
  return commandLines(script)
    .slice(0, MOST)
    .flatMap((line) => statement(line, state));
}

function statement(line: Line, state: State): readonly Statement[] {
  const { words, compound } = withoutKeywords(line.words, state);
  const { assigned, rest: called } = assignments(words);
  const rest = inOwnShell(called);
  const found = rest.length === 0 ? [] : reading(line, { rest, assigned, compound, state });
  if (line.after === '(') state.outer.push(state.directory);
  if (line.after === ')' && state.outer.length > 0) state.directory = state.outer.pop() ?? null;
  return found;
}

/** `. file` and `source file` run a file in the same shell: one of the repository as in a shell of its own. */
function inOwnShell(words: readonly Word[]): readonly Word[] {
  const [first, file] = words;
  const isSourced = first?.literal === true && (first.text === '.' || first.text === 'source');
  const isOfRepository = file?.literal === true && /^[\w.][\w./-]*\.(?:ba|z)?sh$/.test(file.text);
  return isSourced && isOfRepository ? [{ text: 'bash', literal: true }, ...words.slice(1)] : words;
}

function reading(
  line: Line,
  parts: {
    readonly rest: readonly Word[];
    readonly assigned: Readonly<Record<string, string>>;
    readonly compound: boolean;
    readonly state: State;
  },
): readonly Statement[] {
  const { rest, state } = parts;
  const sure = { here: !parts.compound, words: problemOf(line, rest) === null };
  if (changesState(rest, state, sure)) return [];
  const env = { ...state.env, ...parts.assigned };
  const { directory } = state;
  const unknown = directory === null ? 'a folder that is not known' : null;
  const problem = (parts.compound ? 'a condition or loop' : null) ?? problemOf(line, rest) ?? unknown;
  const argv = argvOf(rest, line.output);
  const command = problem === null && directory !== null && argv !== null ? { argv, directory, env } : null;
  return [{ words: rest, command, directory, env, problem }];
}

function argvOf(words: readonly Word[], output: Output | null): Command['argv'] | null {
  const [first, ...others] = words.map((word) => word.text);
  if (first === undefined) return null;
  if (output === null || output.file === '/dev/null') return [first, ...others];
  const script = `"$@" ${output.append ? '>>' : '>'} "$0"`;
  return ['bash', '-c', script, output.file, first, ...others];
}

/** Programs that people write files with, by where their output goes. */
const WRITERS: ReadonlySet<string> = new Set(['echo', 'printf', 'cat', 'jq', 'head', 'tail', 'sort']);

/** Configuration of package managers, which holds secrets on the publisher's side. */
const CONFIGURES = /(?:^|\/)\.(?:npmrc|yarnrc(?:\.ym?l)?)$/;

/** Whether a statement writes a file of the repository by where its output goes. */
export function writesFile({ words, command }: Pick<Statement, 'words' | 'command'>): boolean {
  const [program, , , file = ''] = command?.argv ?? [];
  const isRedirected = program === 'bash' && words[0]?.text !== 'bash';
  return isRedirected && WRITERS.has(programName(words[0])) && !CONFIGURES.test(file) && /^[\w.@]/.test(file);
}

function problemOf(line: Line, words: readonly Word[]): string | null {
  if (line.odd !== null) return line.odd;
  if (line.before === '|' || line.after === '|') return 'a pipe';
  if (line.after === '&') return 'a background process';
  if (line.before === '||') return 'an alternative';
  return words.every((word) => word.literal) ? null : 'a variable, substitution or pattern';
}

/** Takes `then`, `do`, `{` and the like off the front, and counts how deep the script is in them. */
function withoutKeywords(
  words: readonly Word[],
  state: State,
): { words: readonly Word[]; compound: boolean } {
  let at = 0;
  let compound = state.depth > 0;
  for (;;) {
    const word = words[at];
    const change = word?.literal === true ? KEYWORDS.get(word.text) : undefined;
    if (change === undefined) return { words: words.slice(at), compound };
    state.depth = Math.max(0, state.depth + change);
    compound = true;
    at += 1;
    if (word?.text === 'for' || word?.text === 'case' || word?.text === 'select')
      return { words: [], compound };
  }
}

const ASSIGNMENT = /^([A-Za-z_]\w*)=/;

function assignments(words: readonly Word[]): {
  readonly assigned: Readonly<Record<string, string>>;
  readonly rest: readonly Word[];
} {
  const end = words.findIndex((word) => !ASSIGNMENT.test(word.text));
  const leading = end < 0 ? words : words.slice(0, end);
  return { assigned: literalPairs(leading), rest: end < 0 ? [] : words.slice(end) };
}

function literalPairs(words: readonly Word[]): Readonly<Record<string, string>> {
  const pairs = words.flatMap(({ text, literal }): readonly [string, string][] => {
    const name = literal ? ASSIGNMENT.exec(text)?.[1] : undefined;
    return name === undefined ? [] : [[name, text.slice(name.length + 1)]];
  });
  return Object.fromEntries(pairs);
}

/** `cd`, `pushd`, `popd` and `export` are no commands of their own: they are the place and the variables of others. */
function changesState(
  words: readonly Word[],
  state: State,
  sure: { readonly here: boolean; readonly words: boolean },
): boolean {
  const name = words[0]?.text;
  if (name === 'export') {
    if (sure.here) state.env = { ...state.env, ...literalPairs(words.slice(1)) };
    return true;
  }
  if (name === 'popd') {
    state.directory = state.pushed.pop() ?? null;
    return true;
  }
  if (name !== 'cd' && name !== 'pushd') return false;
  if (name === 'pushd') state.pushed.push(state.directory);
  const to = words[1]?.text;
  const known = sure.here && sure.words && words.length === 2 && to !== undefined && state.directory !== null;
  state.directory = known ? insideRepository(state.directory ?? '.', to) : null;
  return true;
}
