import { z } from 'zod';
import { readYaml } from './yaml.ts';

const MOST_STEPS = 100;
const MOST_JOBS = 60;
/** Variables or inputs of one table. */
const MOST_NAMES = 100;

const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Text = Scalar.nullable().catch(null).default(null);

/** A table, as a map: keys of strangers must not meet the prototype of an object. */
const Table = z
  .unknown()
  .optional()
  .transform((value): ReadonlyMap<string, unknown> => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return new Map(isTable ? Object.entries(value) : []);
  });

/** What of a table is text; nested things in it are left out. */
const Texts = Table.transform((table): ReadonlyMap<string, string> => {
  const texts = [...table]
    .slice(0, MOST_NAMES)
    .flatMap(([name, value]): readonly (readonly [string, string])[] => {
      const text = Scalar.safeParse(value);
      return text.success ? [[name, text.data]] : [];
    });
  return new Map(texts);
});

const Defaults = z
  .object({ run: z.object({ 'working-directory': Text, shell: Text }) })
  .transform(({ run }) => ({ directory: run['working-directory'], shell: run.shell }))
  .catch({ directory: null, shell: null });

const Step = z
  .object({
    name: Text,
    uses: Text,
    run: Text,
    if: Text,
    shell: Text,
    'working-directory': Text,
    with: Texts,
    env: Texts,
  })
  .transform(({ 'working-directory': directory, ...step }) => ({ ...step, directory }));
export type Step = z.infer<typeof Step>;

/** What is no step among steps is left out. */
const Steps = z
  .array(z.unknown())
  .catch([])
  .default([])
  .transform((items) =>
    items.slice(0, MOST_STEPS).flatMap((item) => {
      const step = Step.safeParse(item);
      return step.success ? [step.data] : [];
    }),
  );

const Names = z
  .union([Scalar.transform((name) => [name]), z.array(Scalar)])
  .catch([])
  .default([]);

const Container = z
  .union([Scalar, z.object({ image: Scalar }).transform((one) => one.image)])
  .nullable()
  .catch(null)
  .default(null);

const Matrix = z
  .object({ matrix: Table })
  .transform((strategy) => strategy.matrix)
  .catch(new Map<string, unknown>());

const Job = z.object({
  name: Text,
  uses: Text,
  if: Text,
  needs: Names,
  container: Container,
  env: Texts,
  with: Texts,
  defaults: Defaults,
  strategy: Matrix,
  steps: Steps,
});
export type Job = z.infer<typeof Job>;

const Triggers = z
  .unknown()
  .optional()
  .transform((value): ReadonlyMap<string, unknown> => {
    if (typeof value === 'string') return new Map([[value, null]]);
    if (Array.isArray(value))
      return new Map(value.filter((one) => typeof one === 'string').map((one) => [one, null]));
    return Table.parse(value);
  });

const Workflow = z.object({
  name: Text,
  on: Triggers,
  env: Texts,
  defaults: Defaults,
  jobs: Table.transform((table): ReadonlyMap<string, Job> => {
    const jobs = [...table]
      .slice(0, MOST_JOBS)
      .flatMap(([id, value]): readonly (readonly [string, Job])[] => {
        const job = Job.safeParse(value);
        return job.success ? [[id, job.data]] : [];
      });
    return new Map(jobs);
  }),
});

/** One file of `.github/workflows`, as far as publishing is told by it (GitHub, workflow syntax). */
export type Workflow = z.infer<typeof Workflow>;

const Action = z.object({
  inputs: z.unknown().optional(),
  runs: z.object({ using: Scalar, steps: Steps }),
});
/** A composite action of the repository itself. */
export type Action = z.infer<typeof Action>;

/** Reads a workflow; null when it is none. */
export function parseWorkflow(text: string): Workflow | null {
  const parsed = Workflow.safeParse(readYaml(text));
  return parsed.success && parsed.data.jobs.size > 0 ? parsed.data : null;
}

/** Reads an `action.yml`; null when it is no composite action. */
export function parseAction(text: string): Action | null {
  const parsed = Action.safeParse(readYaml(text));
  return parsed.success && parsed.data.runs.using === 'composite' ? parsed.data : null;
}

/** The defaults of inputs, of an action or of a trigger that has them. */
export function inputDefaults(inputs: unknown): ReadonlyMap<string, string> {
  const defaults = [...Table.parse(inputs)].flatMap(
    ([name, input]): readonly (readonly [string, string])[] => {
      const text = Scalar.safeParse(Table.parse(input).get('default'));
      return text.success ? [[name, text.data]] : [];
    },
  );
  return new Map(defaults);
}

/** The values that a matrix gives to each of its names; those of an expression are not known. */
export function matrixValues(matrix: ReadonlyMap<string, unknown>): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  const add = (name: string, value: unknown) => {
    const text = Scalar.safeParse(value);
    if (text.success) values.set(name, [...(values.get(name) ?? []), text.data]);
  };
  for (const [name, list] of matrix) {
    const isInclude = name === 'include' || name === 'exclude';
    if (!isInclude && Array.isArray(list)) list.slice(0, 50).forEach((value) => add(name, value));
  }
  const include = matrix.get('include');
  const rows: readonly unknown[] = Array.isArray(include) ? include.slice(0, 50) : [];
  for (const row of rows) for (const [name, value] of Table.parse(row)) add(name, value);
  return values;
}
