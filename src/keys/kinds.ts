import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

export const KEY_KINDS = ['p256', 'ed25519'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** What kind of key this is; null for one that nothing is signed with here. */
export function kindOf(key: KeyObject): KeyKind | null {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? 'p256'
    : null;
}

/**
 * The name of a key: base64 of the sha256 of its public part (DER, SubjectPublicKeyInfo), as cosign names keys in bundles.
 *
 * @param key of either part
 */
export function keyId(key: KeyObject): string {
  const der = publicPart(key).export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('base64');
}

/** The public part of a key. */
export function publicPart(key: KeyObject): KeyObject {
  return key.type === 'public' ? key : createPublicKey(key);
}
