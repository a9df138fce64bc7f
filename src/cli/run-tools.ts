import { writeBundles } from '../attest-result.ts';
import type { RunTools } from '../batch/run.ts';
import { verifierOf } from './apart.ts';
import type { UnattendedJudging } from './judging.ts';
import type { RunOptions } from './options.ts';

/**
 * How a command that verifies many package versions on this machine verifies, judges and signs them.
 *
 * @param sharedBy how many are verified at a time
 */
export function runTools(
  options: RunOptions & { readonly out?: string },
  judging: UnattendedJudging,
  sharedBy: number,
): Pick<RunTools, 'verify' | 'judge' | 'sign'> {
  const { timeout, out } = options;
  const verify = verifierOf(options, sharedBy);
  return {
    verify: (purl, signal) => verify(purl, { limitMs: timeout * 1000, signal }),
    judge: (document) => judging.judge(document),
    sign: async (document) => {
      const signed = await judging.sign(document);
      if (out !== undefined) await writeBundles(signed.bundles, out);
      return signed;
    },
  };
}
