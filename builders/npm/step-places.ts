import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { join } from './install-root.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** The folder of the repository in which a step runs. */
export function directoryOf({ cwd }: Step): string {
  return cwd === LAYOUT.source ? '.' : cwd.slice(LAYOUT.source.length + 1);
}

/** Steps with others between what is fetched and the rest: the first of the build, or more to fetch. */
export function afterFetching(steps: readonly Step[], added: readonly Step[]): readonly Step[] {
  const first = steps.findIndex(({ phase }) => phase !== 'fetch');
  return steps.toSpliced(first === -1 ? steps.length : first, 0, ...added);
}

/** Steps with others right before what packs. */
export function insertBeforePacking(steps: readonly Step[], added: readonly Step[]): readonly Step[] {
  const first = steps.findIndex(({ phase }) => phase === 'pack');
  return steps.toSpliced(first === -1 ? steps.length : first, 0, ...added);
}

/** The manifest of a folder at the commit; null where there is none that can be read. */
export async function manifestAt(request: PlanRequest, directory: string): Promise<Manifest | null> {
  const text = await request.readText(join(directory, 'package.json'));
  return text === null ? null : parseManifest(text);
}
