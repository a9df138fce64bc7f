import type { ManagerName } from './recipe.ts';
import type { Word } from './shell.ts';

/** A command line of a package manager, taken apart. */
export interface ManagerCall {
  readonly manager: ManagerName;
  /** `run`, `publish`, `ci` ...; null for none (`yarn`), and for one that expands. */
  readonly verb: string | null;
  /** What follows the verb that is no option. */
  readonly operands: readonly Word[];
  readonly options: ReadonlySet<string>;
  /** `-C`, `--prefix`, `--cwd`; null when there is none. */
  readonly directory: string | null;
  /** Packages that are chosen by name, path or pattern. */
  readonly filters: readonly string[];
  /** For every package of the workspace. */
  readonly recursive: boolean;
  /** `--tag`. */
  readonly tag: string | null;
  readonly registry: string | null;
}

const MANAGERS: ReadonlyMap<string, ManagerName> = new Map([
  ['npm', 'npm'],
  ['pnpm', 'pnpm'],
  ['yarn', 'yarn'],
  ['yarnpkg', 'yarn'],
  ['bun', 'bun'],
]);

const DIRECTORY_OPTIONS: ReadonlySet<string> = new Set(['-C', '--dir', '--prefix', '--cwd']);
const FILTER_OPTIONS: ReadonlySet<string> = new Set(['--filter', '-F', '--filter-prod', '--workspace']);
const RECURSIVE_OPTIONS: ReadonlySet<string> = new Set(['-r', '--recursive', '--workspaces', '-ws']);
/** Options whose value is the next word. */
const VALUE_OPTIONS: ReadonlySet<string> = new Set([
  ...DIRECTORY_OPTIONS,
  ...FILTER_OPTIONS,
  '--tag',
  '--access',
  '--registry',
  '--otp',
  '--loglevel',
  '--reporter',
  '--userconfig',
  '--cache',
  '--network-timeout',
  '--publish-branch',
  '--network-concurrency',
  '--from',
  '--exclude',
  '--include',
]);

/** Takes a command line apart when a package manager is its program; null for any other program. */
export function managerCall(words: readonly Word[]): ManagerCall | null {
  const manager = MANAGERS.get(programName(words[0]));
  if (manager === undefined) return null;
  const { operands, values, options } = split(words.slice(1), manager);
  const [, ...rest] = operands;
  const call: ManagerCall = {
    manager,
    verb: operands[0]?.literal === true ? operands[0].text : null,
    operands: rest,
    options,
    directory: valueOf(values, DIRECTORY_OPTIONS)[0] ?? null,
    filters: valueOf(values, manager === 'npm' ? new Set([...FILTER_OPTIONS, '-w']) : FILTER_OPTIONS),
    recursive: [...RECURSIVE_OPTIONS].some((one) => options.has(one)),
    tag: valueOf(values, new Set(['--tag']))[0] ?? null,
    registry: valueOf(values, new Set(['--registry']))[0] ?? null,
  };
  return withoutWorkspaces(call);
}

/** `yarn workspace x publish`, `yarn workspaces foreach publish`, `pnpm recursive publish`: the last word is the verb. */
function withoutWorkspaces(call: ManagerCall): ManagerCall {
  const [first, second] = call.operands;
  const verbAt = (index: number, more: Partial<ManagerCall>): ManagerCall => {
    const verb = call.operands[index];
    const operands = call.operands.slice(index + 1);
    return { ...call, ...more, verb: verb?.literal === true ? verb.text : null, operands };
  };
  if (call.verb === 'recursive' || call.verb === 'multi') return verbAt(0, { recursive: true });
  if (call.manager !== 'yarn') return call;
  if (call.verb === 'workspace' && first !== undefined) return verbAt(1, { filters: [first.text] });
  if (call.verb !== 'workspaces') return call;
  if (first?.text === 'foreach') return verbAt(1, { recursive: true });
  return second === undefined ? call : verbAt(1, { recursive: true });
}

interface Split {
  readonly operands: readonly Word[];
  readonly values: readonly (readonly [option: string, value: string])[];
  readonly options: ReadonlySet<string>;
}

/** Options and operands; what follows `--`, or the name of a script to run, is the script's. */
function split(words: readonly Word[], manager: ManagerName): Split {
  const operands: Word[] = [];
  const values: [string, string][] = [];
  const options = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined || word.text === '--') break;
    if (!word.text.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const [name = '', attached] = word.text.split(/=(.*)/s, 2);
    options.add(attached === undefined ? name : word.text);
    const takesNext = VALUE_OPTIONS.has(name) || (name === '-w' && manager === 'npm');
    const value = attached ?? (takesNext ? words[(at += 1)]?.text : undefined);
    if (value !== undefined) values.push([name, value]);
  }
  return { operands, values, options };
}

function valueOf(
  values: readonly (readonly [string, string])[],
  names: ReadonlySet<string>,
): readonly string[] {
  return values.flatMap(([name, value]) => (names.has(name) ? [value] : []));
}

/** What runs another program: the words up to it are left out. */
const RUNNERS: ReadonlySet<string> = new Set([
  'npx',
  'bunx',
  'pnpx',
  'nlx',
  'sudo',
  'time',
  'nice',
  'command',
  'exec',
]);
const RUNNER_VERBS: ReadonlySet<string> = new Set(['exec', 'dlx', 'x']);
const ENV_RUNNERS: ReadonlySet<string> = new Set(['env', 'cross-env', 'cross-env-shell']);

/** The program that a command line comes down to, with its arguments: `npx -y np@10` is `np`. */
export function coreOf(words: readonly Word[]): readonly Word[] {
  let rest = words;
  for (let round = 0; round < 5; round += 1) {
    const next = unwrapped(rest);
    if (next === rest) return rest;
    rest = next;
  }
  return rest;
}

function unwrapped(words: readonly Word[]): readonly Word[] {
  const program = programName(words[0]);
  const second = words[1]?.text ?? '';
  if (RUNNERS.has(program)) return afterOptions(words.slice(1));
  if (ENV_RUNNERS.has(program)) {
    const end = words.findIndex((word, index) => index > 0 && !/^[A-Za-z_]\w*=/.test(word.text));
    return end < 0 ? [] : words.slice(end);
  }
  if (program === 'corepack' && MANAGERS.has(programName(words[1]))) return words.slice(1);
  if (!MANAGERS.has(program)) return words;
  const verbAt = words.findIndex((word, index) => index > 0 && !word.text.startsWith('-'));
  return verbAt > 0 && RUNNER_VERBS.has(words[verbAt]?.text ?? '') && second !== '--'
    ? afterOptions(words.slice(verbAt + 1))
    : words;
}

function afterOptions(words: readonly Word[]): readonly Word[] {
  let at = 0;
  while (words[at]?.text.startsWith('-') === true) {
    at += words[at]?.text === '-p' || words[at]?.text === '--package' ? 2 : 1;
  }
  return words.slice(at);
}

/** The name of a program without its version (`np@10`, `@changesets/cli@2`) and folder. */
export function programName(word: Word | undefined): string {
  if (word === undefined || !word.literal) return '';
  const bare = word.text.replace(/(?<=.)@[^/@]*$/, '');
  if (bare.startsWith('@')) return bare;
  return bare.slice(bare.lastIndexOf('/') + 1);
}
