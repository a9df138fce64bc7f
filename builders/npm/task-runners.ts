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
}

const RUNNERS: readonly TaskRunner[] = [
  { program: 'make', file: /^(?:GNU)?[Mm]akefile$/, task: /^([a-z][\w-]{0,60})[ \t]*:(?!=)/gm },
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

/**
 * The ways in which the files of task runners (make, grunt, gulp, jake) in a package's folder build it, one step each.
 * They are read as text, never run: a task whose name is put together by code is not found.
 */
export async function taskRunnerWays(request: {
  readonly directory: string;
  readonly tree: readonly Pick<TreeFile, 'path'>[];
  readText(file: string): Promise<string | null>;
}): Promise<readonly (readonly Step[])[]> {
  const { directory, tree, readText } = request;
  const ways: (readonly Step[])[] = [];
  const names = tree.map(({ path }) => posix.basename(path));
  const own = names.filter((name, index) => join(directory, name) === tree[index]?.path);
  for (const runner of RUNNERS) {
    const file = own.find((name) => runner.file.test(name));
    const task = file === undefined ? null : taskOf(runner, (await readText(join(directory, file))) ?? '');
    if (task !== null) ways.push([runnerStep(runner, task, directory)]);
  }
  return ways;
}

function taskOf({ task, taken }: TaskRunner, text: string): string | null {
  const named = new Set([...text.matchAll(task)].map(([, name = '']) => name));
  const [usual] = TASKS;
  return TASKS.find((one) => named.has(one)) ?? (taken?.test(text) === true ? usual : null);
}

function runnerStep({ program }: TaskRunner, task: string, directory: string): Step {
  const step = toolStep({
    name: `${program} ${task}`,
    phase: 'build',
    argv: [program, task],
    directory,
  });
  return withPrograms(step, [directory]);
}
