import { createHash, hash } from 'node:crypto';
import { algorithmOf, digestOfHex, readDigest, strongestFirst } from '../../../src/published/integrity.ts';
import { invalid, type VersionDocument } from './document.ts';

/** Whether bytes have every digest that a registry gives. */
export type IntegrityCheck =
  /** `checked` is empty when the registry gives no digest: then nothing was verified. */
  | { readonly kind: 'match'; readonly checked: readonly string[] }
  | { readonly kind: 'mismatch'; readonly expected: string; readonly actual: string };

/**
 * Every digest of a version as Subresource Integrity strings, strongest first.
 * Throws ReproveError `registry-invalid` for one that cannot be read: it must not become "no digest".
 */
export function digestsOf(version: VersionDocument): readonly string[] {
  const subject = `${version.name}@${version.version}`;
  const digests = new Set<string>();
  if (version.dist.integrity !== null) {
    for (const part of version.dist.integrity.trim().split(/\s+/)) digests.add(readStated(part, subject));
  }
  if (version.dist.shasum !== null) {
    const digest = digestOfHex('sha1', version.dist.shasum);
    if (digest === null) throw invalid(subject, 'Its shasum is not a SHA-1 digest.');
    digests.add(digest);
  }
  return strongestFirst(digests);
}

/** Compares bytes with *each* digest, not only with the strongest as SRI would: none of them may be wrong. */
export function checkIntegrity(bytes: Uint8Array, digests: readonly string[]): IntegrityCheck {
  for (const expected of digests) {
    const algorithm = algorithmOf(expected);
    const actual = `${algorithm}-${hash(algorithm, bytes, 'base64')}`;
    if (actual !== expected) return { kind: 'mismatch', expected, actual };
  }
  return { kind: 'match', checked: digests };
}

/** The sha512 Subresource Integrity string of bytes. */
export function sha512Of(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** Lowercase hex of a Subresource Integrity string's digest. */
export function hexOf(integrity: string): string {
  return Buffer.from(integrity.slice(integrity.indexOf('-') + 1), 'base64').toString('hex');
}

function readStated(part: string, subject: string): string {
  const digest = readDigest(part);
  if (digest === null)
    throw invalid(
      subject,
      `Its integrity ${JSON.stringify(part.slice(0, 120))} is not a digest that can be checked.`,
    );
  return digest;
}
