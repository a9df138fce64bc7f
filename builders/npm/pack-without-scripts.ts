import { MANAGER_NAMES } from './managers/manager.ts';
import { packStep } from './packers.ts';
import type { Rule } from './revision.ts';

/**
 * Where packing runs scripts that fail (old ones install things anew, from the network), what the steps before it built is packed
 * without them.
 */
export const packWithoutScripts: Rule = ({ request, plan, went }) => {
  if (went.kind !== 'failed' || went.code !== 'pack-failed') return null;
  const pack = plan.steps.at(-1);
  const packer = MANAGER_NAMES.find((name) => name === pack?.argv[0]);
  if (packer === undefined || plan.strategy !== 'install-build-pack') return null;
  const { directory } = request.source;
  const bare = packStep(packer, { directory, versions: plan.toolchain, scripts: false });
  const why = 'the scripts that packing runs failed: packed without them';
  return { why, change: { steps: [...plan.steps.slice(0, -1), bare], conclusive: false } };
};
