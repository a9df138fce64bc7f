import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import ssri from 'ssri';

/** sha256, hex, of a value as canonical JSON (RFC 8785). */
export function canonicalSha256(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('This value has no JSON.');
  return createHash('sha256').update(text).digest('hex');
}

/** The digests of a Subresource Integrity string, in hex by algorithm, as in-toto has them. */
export function digestSetOf(integrity: string): Record<string, string> {
  const hashes = integrity.split(/\s+/).map((part) => ssri.parse(part, { single: true }));
  return Object.fromEntries(
    hashes.flatMap((one) => (one === null || one.digest === '' ? [] : [[one.algorithm, one.hexDigest()]])),
  );
}
