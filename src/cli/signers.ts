import type { Signers } from '../check-together.ts';
import { ReproveError } from '../errors.ts';
import { readPublicKey } from '../keys/key-file.ts';
import type { StatedPolicy } from '../policy/apply.ts';
import type { SignerOptions } from './options.ts';
import { signersOf } from './policy.ts';

/**
 * Whoever may have signed, as a policy or the command line names them.
 *
 * @throws ReproveError `usage` when neither names anybody, or both do
 */
export async function signersAsked(options: SignerOptions, stated: StatedPolicy | null): Promise<Signers> {
  const { key: files = [], identity, issuer, policy } = options;
  const ofPolicy = stated === null || policy === undefined ? [] : await signersOf(stated.policy, policy);
  const isNamed = files.length > 0 || identity !== undefined || issuer !== undefined;
  if (ofPolicy.length > 0 && isNamed) {
    throw new ReproveError('usage', {
      what: 'It is said twice who may have signed.',
      why: 'The policy names signers, and so does the command line.',
      next: 'Leave out --key, --identity and --issuer, or take "signers" out of the policy.',
    });
  }
  const keys = await Promise.all(files.map(readPublicKey));
  const isPair = identity !== undefined && issuer !== undefined;
  const isHalf = !isPair && (identity !== undefined || issuer !== undefined);
  const [first, ...others] = [
    ...ofPolicy,
    ...keys.map((key) => ({ kind: 'key', key }) as const),
    ...(isPair ? [{ kind: 'certificate', identity, issuer } as const] : []),
  ];
  if (first !== undefined && !isHalf) return [first, ...others];
  throw new ReproveError('usage', {
    what: 'It is not said who must have signed.',
    why: isHalf
      ? 'An identity is worth what is known of who vouches for it: --identity and --issuer belong together.'
      : 'Anybody can sign anything: a signature is worth what is known of its maker.',
    next: 'Give --key <public key>, or both --identity <exact> and --issuer <exact>, or a policy with "signers".',
  });
}
