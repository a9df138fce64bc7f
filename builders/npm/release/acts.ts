import type { CommitFiles } from './commit-files.ts';
import { EMPTY_SCOPE, filledEnv, fillIn, fillInScript, type Scope } from './expressions.ts';
import type { PlacedJob } from './jobs.ts';
import { nodeOf } from './node-files.ts';
import { insideRepository } from './paths.ts';
import type { ManagerName } from './recipe.ts';
import { inputDefaults, type Step } from './workflow.ts';

/** What one step of a job does, as far as it matters to a release. */
export type Act =
  | { readonly kind: 'node'; readonly version: string }
  | { readonly kind: 'registry'; readonly url: string }
  | { readonly kind: 'manager'; readonly name: ManagerName; readonly version: string | null }
  | {
      readonly kind: 'script';
      readonly script: string;
      readonly directory: string;
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'action';
      /** `owner/name`, with its path. */
      readonly name: string;
      readonly major: number | null;
      readonly inputs: ReadonlyMap<string, string>;
      /** The key of files of the repository that it caches, as it is written: what it stands for is known in a run only. */
      readonly cacheKey: string | null;
      readonly directory: string;
      readonly env: Readonly<Record<string, string>>;
    };

export interface LabelledAct {
  readonly act: Act;
  /** The name of the step, or null. */
  readonly label: string | null;
  readonly condition: string | null;
}

interface Context {
  readonly files: CommitFiles;
  readonly scope: Scope;
  readonly env: ReadonlyMap<string, string>;
  readonly directory: string | null;
  readonly shell: string | null;
  /** A composite action inside another one is not followed. */
  readonly nested: boolean;
}

/** What the steps of a job do, in order; a composite action of the repository is read as its own steps. */
export async function actsOf(job: PlacedJob, files: CommitFiles): Promise<readonly LabelledAct[]> {
  const { scope, env, directory, shell } = job;
  const acts = await stepsActs(job.job.steps, { files, scope, env, directory, shell, nested: false });
  const image = /^(?:docker\.io\/)?(?:library\/)?node:(\d+(?:\.\d+){0,2})/.exec(job.job.container ?? '')?.[1];
  if (image === undefined) return acts;
  return [{ act: { kind: 'node', version: image }, label: 'container', condition: null }, ...acts];
}

async function stepsActs(steps: readonly Step[], context: Context): Promise<readonly LabelledAct[]> {
  const acts: LabelledAct[] = [];
  for (const step of steps) {
    if (neverOnRelease(step.if)) continue;
    const done = step.uses === null ? scriptActs(step, context) : await actionActs(step, step.uses, context);
    acts.push(...done);
  }
  return acts;
}

/** Steps for another system, or for when something went wrong. */
function neverOnRelease(condition: string | null): boolean {
  if (condition === null || condition.length > 1024) return false;
  if (/^(?:\$\{\{\s*)?false\b/.test(condition)) return true;
  return /(?<!!)\b(?:failure|cancelled)\(\)|==\s*'(?:windows|macos)/i.test(condition);
}

function scriptActs(step: Step, context: Context): readonly LabelledAct[] {
  const shell = step.shell ?? context.shell ?? 'bash';
  if (step.run === null || !/^(?:ba|z|da)?sh\b/.test(shell)) return [];
  const scope = stepScope(step, context);
  const directory = placeOf(step, context, scope);
  if (directory === null) return [];
  const script = fillInScript(step.run, scope);
  return [labelled(step, { kind: 'script', script, directory, env: Object.fromEntries(scope.env) })];
}

function stepScope(step: Step, context: Context): Scope {
  return { ...context.scope, env: new Map([...context.env, ...filledEnv(step.env, context.scope)]) };
}

function placeOf(step: Step, context: Context, scope: Scope): string | null {
  const stated = step.directory === null ? context.directory : fillIn(step.directory, scope);
  return stated === null ? null : insideRepository('.', stated);
}

function labelled(step: Step, act: Act): LabelledAct {
  return { act, label: step.name, condition: step.if };
}

async function actionActs(step: Step, uses: string, context: Context): Promise<readonly LabelledAct[]> {
  const scope = stepScope(step, context);
  const inputs = filledEnv(step.with, scope);
  // `$/` is the root of the repository, like `./` while its root is the working directory.
  const local = /^[.$]\/(.*)$/s.exec(uses)?.[1];
  if (local !== undefined) return compositeActs(local, inputs, { ...context, scope, env: scope.env });
  const [, name, version = ''] = /^([\w.-]+\/[\w./-]+)@([\w./-]+)$/.exec(uses) ?? [];
  if (name === undefined) return [];
  const { files } = context;
  const acts: Act[] = [];
  const node = await nodeOf(inputs, files);
  if (node !== null) acts.push({ kind: 'node', version: node });
  const registry = inputs.get('registry-url');
  if (registry !== undefined) acts.push({ kind: 'registry', url: registry });
  acts.push(...managersOf(name, inputs));
  const major = /^v?(\d{1,3})(?:\.|$)/.exec(version)?.[1];
  const directory = placeOf(
    { ...step, directory: inputs.get('cwd') ?? inputs.get('working-directory') ?? '.' },
    context,
    scope,
  );
  if (directory !== null) {
    const env = Object.fromEntries(scope.env);
    acts.push({
      kind: 'action',
      name,
      major: major === undefined ? null : Number(major),
      inputs,
      cacheKey: cacheKeyOf(name, step),
      directory,
      env,
    });
  }
  return acts.map((act) => labelled(step, act));
}

/** Folders that hold what is installed or downloaded, and nothing that a job has made. */
const OF_MANAGERS = /^(?:~|\/|\$)|node_modules|\.(?:npm|yarn|pnpm|cache)\b|pnpm-store/;

function cacheKeyOf(action: string, { with: inputs }: Step): string | null {
  const isCache = /^actions\/cache(?:\/(?:save|restore))?$/.test(action);
  const paths = (inputs.get('path') ?? '').split('\n').filter((line) => line.trim() !== '');
  return isCache && paths.some((path) => !OF_MANAGERS.test(path.trim())) ? (inputs.get('key') ?? null) : null;
}

async function compositeActs(
  uses: string,
  inputs: ReadonlyMap<string, string>,
  context: Context,
): Promise<readonly LabelledAct[]> {
  const folder = insideRepository('.', uses);
  if (folder === null || context.nested) return [];
  const action = await context.files.action(folder);
  if (action === null) return [];
  const given = new Map([...inputDefaults(action.inputs), ...inputs]);
  const scope = { ...EMPTY_SCOPE, env: context.env, inputs: given };
  return stepsActs(action.runs.steps, { ...context, scope, directory: '.', shell: 'bash', nested: true });
}

/** Package managers that an action sets up: by its own name, or by an input that says so. */
function managersOf(action: string, inputs: ReadonlyMap<string, string>): readonly Act[] {
  const name = action.toLowerCase();
  const own = (manager: ManagerName, input: string): readonly Act[] => [
    {
      kind: 'manager',
      name: manager,
      version: inputs.get(input) ?? inputs.get(`${manager}-version`) ?? null,
    },
  ];
  if (/^pnpm\/(?:action-)?setup$/.test(name)) return own('pnpm', 'version');
  if (name === 'oven-sh/setup-bun') return own('bun', 'bun-version');
  return (['pnpm', 'yarn'] as const).flatMap((manager): readonly Act[] => {
    const version = inputs.get(`${manager}-version`);
    const isSetup = name.includes(`setup-${manager}`);
    return version === undefined && !isSetup
      ? []
      : [{ kind: 'manager', name: manager, version: version ?? inputs.get('version') ?? null }];
  });
}
