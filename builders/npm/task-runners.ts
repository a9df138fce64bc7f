import { posix } from 'node:path';
import type { Step } from '../../src/model/plan.ts';
import type { TreeFile } from '../../src/model/source.ts';
import { join } from './install-root.ts';
import { toolStep, withPrograms } from './managers/manager.ts';

/** A program that runs named tasks of a file of the repository. */
interface TaskRunner {
  /** The command, which takes the name of a task; found among the installed packages, else on the path. */
  readonly program: string;
  /** Names of the file, as the program looks for it. */
  readonly file: RegExp;
  /** Where the file names a task; the first group is the name. */
  readonly task: RegExp;
  /** Where the file takes all tasks of another module, whose names it does not tell. */
  readonly taken?: RegExp;
  /** The files that the text of the program's file has rules to make, of those asked for. */
  readonly filesMade?: (text: string, asked: readonly string[]) => readonly string[];
}

const RUNNERS: readonly TaskRunner[] = [
  {
    program: 'make',
    file: /^(?:GNU)?[Mm]akefile$/,
    task: /^([a-z][\w-]{0,60})[ \t]*:(?!=)/gm,
    filesMade: filesOfRules,
  },
  {
    program: 'grunt',
    file: /^gruntfile\.(?:js|cjs|coffee)$/i,
    task: /\bregisterTask\(?\s*['"]([a-z][\w:-]{0,60})['"]/g,
  },
  {
    program: 'gulp',
    file: /^gulpfile(?:\.babel)?\.(?:[cm]?js|ts)$/i,
    task: /\b(?:\.task\(\s*['"]|exports\.|export const )([a-z][\w:-]{0,60})\b/g,
    taken: /^export \* from /m,
  },
  {
    program: 'jake',
    file: /^jakefile(?:\.js)?$/i,
    task: /\btask\(\s*\{?\s*['"]?([a-z][\w:-]{0,60})\b/g,
  },
];

/** Tasks that by their name make what is published; the first that a file has is the one to run. */
const TASKS = ['build', 'dist', 'lib', 'compile', 'bundle', 'package'] as const;

/** The targets of a rule, unless variables name them (https://www.gnu.org/software/make/manual/make.html#Rule-Syntax). */
const RULE = /^([^\s:=#$][^:=#$]*)::?(?!=)/;
/** The artifact chooses the names: one that make could take for an option or a variable would have it run what no source holds. */
const PLAIN_NAME = /^[\w@][\w@./-]*$/;
const MOST_FILES = 50;
/** Each is held against every file. */
const MOST_PATTERNS = 100;

/** Rules that make files have commands on the next line; `%` in a target stands for any text. */
function filesOfRules(text: string, asked: readonly string[]): readonly string[] {
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split('\n');
  const targets = lines.flatMap((line, index) => {
    const [, names = ''] = RULE.exec(line) ?? [];
    return lines[index + 1]?.startsWith('\t') === true ? names.trim().split(/\s+/) : [];
  });
  const named = new Set(targets);
  const patterns = targets.filter((target) => target.includes('%')).slice(0, MOST_PATTERNS);
  const isMade = (file: string) => named.has(file) || patterns.some((pattern) => fitsPattern(file, pattern));
  return asked.filter((file) => PLAIN_NAME.test(file) && isMade(file)).slice(0, MOST_FILES);
}

function fitsPattern(file: string, pattern: string): boolean {
  const [before = '', after = ''] = pattern.split('%');
  return file.length >= pattern.length && file.startsWith(before) && file.endsWith(after);
}

/**
 * The ways in which the files of task runners (make, grunt, gulp, jake) in a package's folder build it, one step each: the
 * task that by its name does, else the files themselves that no source has. They are read as text, never run: a task whose
 * name is put together by code is not found.
 *
 * @param request.unexplained paths in the package that its commit does not have as they were published
 */
export async function taskRunnerWays(request: {
  readonly directory: string;
  readonly unexplained: readonly string[];
  readonly tree: readonly Pick<TreeFile, 'path'>[];
  readText(file: string): Promise<string | null>;
}): Promise<readonly (readonly Step[])[]> {
  const { directory, tree, unexplained, readText } = request;
  const ways: (readonly Step[])[] = [];
  const names = tree.map(({ path }) => posix.basename(path));
  const own = names.filter((name, index) => join(directory, name) === tree[index]?.path);
  for (const runner of RUNNERS) {
    const file = own.find((name) => runner.file.test(name));
    const text = file === undefined ? '' : ((await readText(join(directory, file))) ?? '');
    const task = taskOf(runner, text);
    const tasks = task === null ? (runner.filesMade?.(text, unexplained) ?? []) : [task];
    if (tasks.length > 0) ways.push([runnerStep(runner, tasks, directory)]);
  }
  return ways;
}

function taskOf({ task, taken }: TaskRunner, text: string): string | null {
  const named = new Set([...text.matchAll(task)].map(([, name = '']) => name));
  const [usual] = TASKS;
  return TASKS.find((one) => named.has(one)) ?? (taken?.test(text) === true ? usual : null);
}

function runnerStep({ program }: TaskRunner, tasks: readonly string[], directory: string): Step {
  const argv = [program, ...tasks] as const;
  const step = toolStep({
    name: argv.join(' '),
    phase: 'build',
    argv,
    directory,
  });
  return withPrograms(step, [directory]);
}
