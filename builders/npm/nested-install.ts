import path from 'node:path';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { installRoot, join } from './install-root.ts';
import { parseManifest } from './manifest.ts';
import { installStep } from './steps.ts';

/** `cd browser && npm install`: a script that installs in another folder, where there is no network any more. */
const NESTED =
  /\bcd\s+["']?([\w.@/-]{1,100})["']?\s*(?:&&|;)\s*(?:npm\s+(?:ci|i|install)|yarn|pnpm\s+i(?:nstall)?)\b/g;

/** Installs of the fetch phase for the folders in which scripts of the package would install during the build. */
export async function nestedInstalls(
  { source, readText }: PlanRequest,
  plan: RebuildPlan,
): Promise<readonly Step[]> {
  const text = await readText(join(source.directory, 'package.json'));
  const scripts = Object.values((text === null ? null : parseManifest(text))?.scripts ?? {});
  const named = scripts.flatMap((script) => [...script.matchAll(NESTED)].map(([, folder = '']) => folder));
  const folders = new Set(named.map((folder) => path.posix.join(source.directory, folder)));
  const steps: Step[] = [];
  for (const folder of folders) {
    const root = folder.startsWith('..')
      ? null
      : await installRoot({ directory: folder, tree: source.tree, readText });
    if (root === null || root.directory !== folder) continue;
    const lock = root.lockfile === null ? 'ignored' : 'frozen';
    const step = installStep({ root, lock, version: plan.toolchain[root.manager] ?? '' });
    steps.push({ ...step, name: `${step.name} in ${folder}` });
  }
  return steps;
}
