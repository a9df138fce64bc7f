import type { CommitFiles } from './commit-files.ts';
import { filledEnv, fillIn, type Scope } from './expressions.ts';
import { inputDefaults, type Job, matrixValues, parseWorkflow, type Workflow } from './workflow.ts';

/** One job of a workflow, with all that its surroundings give it. */
export interface PlacedJob {
  /** Path of the file that holds it. */
  readonly file: string;
  /** The job's name in that file. */
  readonly id: string;
  /** The job of the workflow that was started: another than its own when that one calls this file. */
  readonly root: string;
  /** Jobs of the workflow that was started which come before it. */
  readonly needs: readonly string[];
  /** What starts the workflow. */
  readonly triggers: ReadonlyMap<string, unknown>;
  /** Words that people wrote about it: names of the workflow and of the job, and the condition. */
  readonly words: readonly string[];
  readonly job: Job;
  readonly scope: Scope;
  /** What its steps start with. */
  readonly env: ReadonlyMap<string, string>;
  readonly directory: string | null;
  readonly shell: string | null;
}

const FOLDER = '.github/workflows';
const MOST_WORKFLOWS = 30;
const MOST_PLACED = 300;
/** Characters of all workflows together. */
const MOST_TEXT = 256 * 1024;

/** Every job of every workflow that could have to do with publishing, those of likely names first. */
export async function jobsOf(files: CommitFiles): Promise<readonly PlacedJob[]> {
  const workflows = await workflowsOf(files);
  const jobs: PlacedJob[] = [];
  for (const [file, workflow] of workflows) {
    const started = { file, workflow, inputs: dispatchInputs(workflow), caller: null };
    if (jobs.length < MOST_PLACED) jobs.push(...placedJobs(started, workflows));
  }
  return jobs.slice(0, MOST_PLACED);
}

/** Any of these words stands in a workflow that publishes, or that one calls. */
const TELLING = /publish|release|lerna|workflow_call|\bnp\b/;

async function workflowsOf(files: CommitFiles): Promise<ReadonlyMap<string, Workflow>> {
  const all = files.filesIn(FOLDER).filter((file) => /\.ya?ml$/.test(file));
  const likely = (file: string) => (/release|publish|npm|deploy|cd\b/i.test(file) ? 0 : 1);
  const ranked = all.sort((a, b) => likely(a) - likely(b) || (a < b ? -1 : 1)).slice(0, MOST_WORKFLOWS);
  const workflows = new Map<string, Workflow>();
  let left = MOST_TEXT;
  for (const file of ranked) {
    const text = await files.read(file);
    if (text === null || text.length > left || !TELLING.test(text)) continue;
    left -= text.length;
    const workflow = parseWorkflow(text);
    if (workflow !== null) workflows.set(file, workflow);
  }
  return workflows;
}

function dispatchInputs(workflow: Workflow): ReadonlyMap<string, string> {
  const both = ['workflow_dispatch', 'workflow_call'].map((name) => workflow.on.get(name));
  const inputs = both.map((one) => inputDefaults(isTable(one) ? one['inputs'] : null));
  return new Map(inputs.flatMap((one) => [...one]));
}

interface Started {
  readonly file: string;
  readonly workflow: Workflow;
  readonly inputs: ReadonlyMap<string, string>;
  readonly caller: PlacedJob | null;
}

function placedJobs(started: Started, workflows: ReadonlyMap<string, Workflow>): readonly PlacedJob[] {
  return [...started.workflow.jobs].flatMap(([id, job]) => {
    const placed = place(id, job, started);
    if (job.uses === null) return [placed];
    const file = localPath(job.uses);
    const called = file === null ? undefined : workflows.get(file);
    // A called workflow that calls on is not followed: none of those that were looked at does it to publish.
    if (file === null || called === undefined || started.caller !== null) return [placed];
    const given = filledEnv(job.with, placed.scope);
    const inputs = new Map([...dispatchInputs(called), ...given]);
    return placedJobs({ file, workflow: called, inputs, caller: placed }, workflows);
  });
}

function place(id: string, job: Job, { file, workflow, inputs, caller }: Started): PlacedJob {
  const matrix = matrixChoice(job.strategy);
  const none: Scope = { matrix, inputs, env: new Map() };
  const outer = filledEnv(workflow.env, none);
  const env = new Map([...outer, ...filledEnv(job.env, { ...none, env: outer })]);
  const scope = { ...none, env };
  const directory = job.defaults.directory ?? workflow.defaults.directory;
  const words = [workflow.name, id, job.name, job.if].filter((word) => word !== null);
  return {
    file,
    id,
    root: caller?.root ?? id,
    needs: caller === null ? job.needs : [...caller.needs, ...job.needs],
    triggers: caller?.triggers ?? workflow.on,
    words: caller === null ? words : [...words, ...caller.words],
    job,
    scope,
    env,
    directory: directory === null ? '.' : fillIn(directory, scope),
    shell: job.defaults.shell ?? workflow.defaults.shell,
  };
}

/** The file of `./.github/workflows/x.yml`; null for one of another repository. */
function localPath(uses: string): string | null {
  return /^[.$]\/(\.github\/workflows\/[\w.-]+\.ya?ml)$/.exec(uses)?.[1] ?? null;
}

/** One value of each list: the long-term one, else the highest version, else the first. */
function matrixChoice(matrix: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  const choices = [...matrixValues(matrix)].flatMap(
    ([name, values]): readonly (readonly [string, string])[] => {
      const value = values.find((one) => one === 'lts/*') ?? highest(values) ?? values[0];
      return value === undefined ? [] : [[name, value]];
    },
  );
  return new Map(choices);
}

function highest(values: readonly string[]): string | null {
  const numbers = values.map((value) => Number(/^v?(\d{1,3}(?:\.\d{1,3})?)/.exec(value)?.[1]));
  if (numbers.length === 0 || numbers.some((number) => Number.isNaN(number))) return null;
  return values[numbers.indexOf(Math.max(...numbers))] ?? null;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
