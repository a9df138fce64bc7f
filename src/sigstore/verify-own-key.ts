import type { KeyObject } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { ReadBundle } from './read-bundle.ts';
import { loadTrustedRoot, type TrustOptions } from './trusted-root.ts';

/**
 * Checks that a key that the user trusts has signed a bundle. It need not be in any log; entries and timestamps that it has all the
 * same must be right under the trusted root.
 *
 * @returns why it is not so, or null
 * @throws ReproveError `usage` when the user's trusted root cannot be used
 */
export async function whyNotSigned(
  bundle: ReadBundle,
  key: KeyObject,
  trust: TrustOptions,
): Promise<string | null> {
  const [{ bundleFromJSON }, { toSignedEntity, toTrustMaterial, Verifier }, { TrustedRoot }] =
    await Promise.all([
      import('@sigstore/bundle'),
      import('@sigstore/verify'),
      import('@sigstore/protobuf-specs'),
    ]);
  const root = bundle.isWitnessed ? await loadTrustedRoot(trust) : TrustedRoot.fromJSON({});
  try {
    const material = toTrustMaterial(root, () => ({ publicKey: key, validFor: () => true }));
    const none = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
    new Verifier(material, none).verify(toSignedEntity(bundleFromJSON(bundle.json)));
    return null;
  } catch (error) {
    // Every byte of a bundle comes from outside: whatever a parser trips over is wrong with the bundle.
    return messageOf(error);
  }
}
