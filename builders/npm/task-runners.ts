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

/** A rule that makes files has commands (https://www.gnu.org/software/make/manual/make.html#Rule-Syntax). */
const RULE = /^(?![\t ])([^\n:=#$]{1,1000}?)[ \t]*::?(?!=)[^\n]*(?:\\\n[^\n]*)*\n\t/gm;
/** The artifact chooses the names: one that make could take for an option or a variable would have it run what no source holds. */
const PLAIN_NAME = /^[\w@][\w@./-]*$/;
const MOST_FILES = 50;

/** Targets with variables in their names are not found; `%` stands for any text, as in a name of a file. */
function filesOfRules(text: string, asked: readonly string[]): readonly string[] {
  const targets = [...text.matchAll(RULE)].flatMap(([, names = '']) => names.split(/[ \t]+/));
  const isTarget = (file: string, target: string) => {
    const [before = '', after] = target.split('%');
    if (after === undefined) return file === target;
    return file.length > target.length - 1 && file.startsWith(before) && file.endsWith(after);
  };
  const plain = asked.filter((file) => PLAIN_NAME.test(file));
  return plain.filter((file) => targets.some((target) => isTarget(file, target))).slice(0, MOST_FILES);
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

const LONGEST_NAME = 100;

function runnerStep({ program }: TaskRunner, tasks: readonly string[], directory: string): Step {
  const argv = [program, ...tasks] as const;
  const step = toolStep({
    name: argv.join(' ').slice(0, LONGEST_NAME),
    phase: 'build',
    argv,
    directory,
  });
  return withPrograms(step, [directory]);
}
