import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** sha256, hex, of a value as canonical JSON (RFC 8785). */
export function canonicalSha256(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('This value has no JSON.');
  return createHash('sha256').update(text).digest('hex');
}
