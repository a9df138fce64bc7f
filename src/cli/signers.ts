import type { ExpectedSigner } from '../check-attestation.ts';
import { ReproveError } from '../errors.ts';
import { readPublicKey } from '../keys/key-file.ts';
import type { StatedPolicy } from '../policy/apply.ts';
import type { SignerOptions } from './options.ts';
import { signersOf } from './policy.ts';

/** At least one. */
export type Signers = readonly [ExpectedSigner, ...ExpectedSigner[]];

/** Who must have signed, as the command line or a policy says. Throws ReproveError `usage` when neither says, or both. */
export async function signersAsked(options: SignerOptions, stated: StatedPolicy | null): Promise<Signers> {
  const { key, identity, issuer, policy } = options;
  const [first, ...others] =
    stated === null || policy === undefined ? [] : await signersOf(stated.policy, policy);
  const isNamed = key !== undefined || identity !== undefined || issuer !== undefined;
  if (first !== undefined && isNamed) {
    throw new ReproveError('usage', {
      what: 'It is said twice who may have signed.',
      why: 'The policy names signers, and so does the command line.',
      next: 'Leave out --key, --identity and --issuer, or take "signers" out of the policy.',
    });
  }
  return first === undefined ? [await namedSigner(options)] : [first, ...others];
}

/** Who must have signed, as the command line says. Throws ReproveError `usage` when it does not. */
export async function namedSigner({ key, identity, issuer }: SignerOptions): Promise<ExpectedSigner> {
  if (key !== undefined && identity === undefined && issuer === undefined)
    return { kind: 'key', key: await readPublicKey(key) };
  if (key === undefined && identity !== undefined && issuer !== undefined)
    return { kind: 'certificate', identity, issuer };
  throw new ReproveError('usage', {
    what: 'It is not said who must have signed.',
    why: 'Anybody can sign anything: a signature is worth what is known of its maker.',
    next: 'Give --key <public key>, or both --identity <exact> and --issuer <exact>, or a policy with "signers".',
  });
}
