import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** sha256, hex, of a value as canonical JSON (RFC 8785). */
export function canonicalSha256(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('This value has no JSON.');
  return createHash('sha256').update(text).digest('hex');
}

/** The digests of a Subresource Integrity string, in hex by algorithm, as in-toto has them. */
export function digestSetOf(integrity: string): Record<string, string> {
  const parts = integrity.split(/\s+/).flatMap((part) => {
    const [algorithm, digest] = part.split('?', 1)[0]?.split(/-(.*)/s) ?? [];
    return algorithm === undefined || digest === undefined || digest === ''
      ? []
      : [[algorithm, Buffer.from(digest, 'base64').toString('hex')] as const];
  });
  return Object.fromEntries(parts);
}
