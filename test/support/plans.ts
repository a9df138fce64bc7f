import { parsePlanFile, type StatedPlans } from '../../src/plan-file/parse.ts';
import type { PlansDocument } from '../../src/report/plans-document.ts';
import { reprove } from './cli.ts';
import type { TestWorld } from './world.ts';

/** The document of `reprove plan --json` for a package version of a world. */
export async function plansOf(world: TestWorld, spec: string, ...more: string[]): Promise<PlansDocument> {
  const places = ['--registry', world.registry.url, '--git-mirror', world.gitMirror];
  const run = await reprove(['plan', '--json', ...places, ...more, '--', spec], { cwd: world.folder.path });
  if (run.exitCode !== 0) throw new Error(run.stderr + run.stdout);
  return JSON.parse(run.stdout) as PlansDocument;
}

/** A document as it comes back from a file. */
export function given(document: unknown): StatedPlans {
  return parsePlanFile(JSON.stringify(document), 'plan.json');
}

/** The first plan of a document with other steps, as the only one. */
export function withSteps(
  document: PlansDocument,
  steps: readonly Partial<PlansDocument['plans'][number]['steps'][number]>[],
  more: Partial<PlansDocument['plans'][number]> = {},
): PlansDocument {
  const [plan] = document.plans;
  const model = plan?.steps.at(-1);
  if (plan === undefined || model === undefined) throw new Error('There is no plan.');
  return { ...document, plans: [{ ...plan, steps: steps.map((step) => ({ ...model, ...step })), ...more }] };
}
