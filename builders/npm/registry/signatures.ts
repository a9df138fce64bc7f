import { createPublicKey, verify } from 'node:crypto';
import ssri from 'ssri';
import type { VersionDocument } from './document.ts';
import type { RegistryKey } from './keys.ts';

export type SignatureCheck =
  | { readonly kind: 'valid'; readonly key: RegistryKey }
  | { readonly kind: 'invalid'; readonly why: string }
  /** There is none. */
  | { readonly kind: 'none' }
  /** It names a key that is not among the given ones. */
  | { readonly kind: 'unknown-key'; readonly id: string };

/** What npm takes for the publish time of versions without one (pacote, lib/registry.js). */
const WITHOUT_TIME = '2015-01-01T00:00:00.000Z';

/**
 * Checks the registry's signatures of a version as npm does (pacote, lib/registry.js): each must be an ECDSA signature with
 * SHA-256 of `name@version:integrity` by a key that had not expired when the version was published. Pure.
 *
 * @param facts.publishedAt ISO 8601; null when no time that can be believed is known
 * @param facts.keys the first one with the id counts
 */
export function checkSignatures(facts: {
  readonly version: VersionDocument;
  readonly publishedAt: string | null;
  readonly keys: readonly RegistryKey[];
}): SignatureCheck {
  const { version, keys } = facts;
  const { signatures } = version.dist;
  const published = Date.parse(facts.publishedAt ?? WITHOUT_TIME);
  const message = signedText(version);
  let used: RegistryKey | null = null;
  for (const { keyid, sig } of signatures) {
    const key = keys.find(({ id, uses }) => id === keyid && uses.includes('signatures'));
    if (key === undefined) return { kind: 'unknown-key', id: keyid };
    if (message === null) return { kind: 'invalid', why: 'it signs a digest, and the registry gives none' };
    if (published >= key.validFor.end) {
      const end = new Date(key.validFor.end).toISOString();
      return { kind: 'invalid', why: `key ${keyid} had expired on ${end}, before the version was published` };
    }
    if (!isSigned(message, key, sig))
      return { kind: 'invalid', why: `it is not one of key ${keyid} over ${message}` };
    used ??= key;
  }
  return used === null ? { kind: 'none' } : { kind: 'valid', key: used };
}

function signedText({ name, version, dist }: VersionDocument): string | null {
  if (dist.integrity !== null) return `${name}@${version}:${String(ssri.parse(dist.integrity))}`;
  return dist.shasum === null ? null : `${name}@${version}:${ssri.fromHex(dist.shasum, 'sha1').toString()}`;
}

function isSigned(message: string, { spki }: RegistryKey, signature: string): boolean {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return verify('sha256', Buffer.from(message), key, Buffer.from(signature, 'base64'));
  } catch {
    // A key or signature that cannot be read signs nothing.
    return false;
  }
}
