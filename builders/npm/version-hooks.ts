import type { Scripts } from './scripts.ts';
import { managerCall } from './release/calls.ts';
import { isPublishName } from './release/publications.ts';
import { isLeftOut } from './release/roles.ts';
import { statementsOf } from './release/statements.ts';
import type { Reading, Revision } from './revision.ts';
import { insertBeforePacking, manifestAt } from './step-places.ts';
import { scriptStep } from './steps.ts';

/** What `npm version` runs after it has written the version (npm docs, npm-version). */
const HOOKS = ['version', 'postversion'] as const;

/** A publisher who raises the version with `npm version` has run its hooks: what they make is made before packing. */
export async function versionHooks({ request, plan, went }: Reading): Promise<Revision | null> {
  const { directory } = request.source;
  const isOfFiles = went.kind === 'differed' && went.differences.some(({ path }) => path !== 'package.json');
  if (!isOfFiles || !plan.steps.some(({ phase }) => phase === 'build')) return null;
  const scripts = (await manifestAt(request, directory))?.scripts ?? {};
  const ran = new Set(plan.steps.map(({ name }) => name));
  const hooked = HOOKS.flatMap((hook) => scriptsOf(hook, scripts)).filter((name) => !ran.has(name));
  if (hooked.length === 0) return null;
  const steps = [...new Set(hooked)].map((script) =>
    scriptStep({ run: { script, args: [] }, directory, manager: 'npm' }),
  );
  return {
    why: `"npm version" runs ${steps.map(({ name }) => name).join(', ')} of the manifest: done before packing`,
    change: { steps: insertBeforePacking(plan.steps, steps) },
  };
}

/** The scripts of a manifest that one of its scripts runs, as far as they may make what is published. */
function scriptsOf(hook: string, scripts: Scripts): readonly string[] {
  return statementsOf(scripts[hook] ?? '', { directory: '.', env: {} }).flatMap(({ words }) => {
    const call = managerCall(words);
    const name = call?.verb === 'run' ? call.operands[0]?.text : undefined;
    if (name === undefined || !Object.hasOwn(scripts, name)) return [];
    return isPublishName(name) || isLeftOut(name) ? [] : [name];
  });
}
