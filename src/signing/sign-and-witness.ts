import { createPublicKey } from 'node:crypto';
import { ReproveError } from '../errors.ts';
import { readBundle } from '../sigstore/read-bundle.ts';
import type { TrustOptions } from '../sigstore/trusted-root.ts';
import { bundleVerifier } from '../sigstore/verify-bundle.ts';
import { whyNotSigned } from '../sigstore/verify-own-key.ts';
import { witnessed, type Witnesses } from '../sigstore/witness.ts';
import { signApart, type SignApartRequest, type Signed } from './sign.ts';

/**
 * Signs, has the signature seen by others, and checks what came of it as anybody would: a bundle that nobody could check is not
 * worth writing. Whoever witnesses is asked here, and not where the key is: an answer from outside is nothing for that process.
 *
 * @param request.witnesses for keys; without a key the signing process asks them itself
 * @throws ReproveError `signing-failed` when a witness does not answer, or what it answers does not hold under the trusted root
 */
export async function signAndWitness(
  request: SignApartRequest & { readonly witnesses: Witnesses; readonly trust: TrustOptions },
): Promise<Signed> {
  const signed = await signApart(request);
  const { publicKey } = signed;
  const { witnesses, trust } = request;
  if (publicKey !== null && witnesses.rekorUrl === null && witnesses.tsaUrl === null) return signed;
  const bundles =
    publicKey === null
      ? signed.bundles
      : await Promise.all(signed.bundles.map((bundle) => witnessed(bundle, publicKey, witnesses)));
  for (const bundle of bundles) {
    const why = await whyUnsound(bundle, publicKey, trust);
    if (why !== null) throw unsound(why);
  }
  return { ...signed, bundles };
}

async function whyUnsound(
  bundle: unknown,
  publicKey: string | null,
  trust: TrustOptions,
): Promise<string | null> {
  const read = readBundle(Buffer.from(JSON.stringify(bundle)));
  if ('why' in read) return read.why;
  if (publicKey !== null) return whyNotSigned(read, createPublicKey(publicKey), trust);
  const checked = await bundleVerifier(trust).verify(read.json);
  return checked.kind === 'verified' ? null : checked.why;
}

function unsound(why: string): ReproveError {
  return new ReproveError('signing-failed', {
    what: 'What was signed would be refused by whoever checks it, and was not written.',
    why: `${why.replace(/\.$/, '')}.`,
    next: 'The trusted root has to know the certificate authority, the log and the timestamp authority that were asked: name it with --trusted-root.',
  });
}
