import { createHash } from 'node:crypto';
import type { Digests } from '../model/artifact.ts';

/** The digests by which one file is named: sha512 (Subresource Integrity), sha256 (in-toto) and sha1 (old registries). */
export function digestsOf(bytes: Uint8Array): Digests {
  return { sha512: hash('sha512', bytes), sha256: hash('sha256', bytes), sha1: hash('sha1', bytes) };
}

/** sha256 of some bytes, lowercase hex. */
export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** The id that git gives to these bytes: sha1 of `blob <size>\0<bytes>`, lowercase hex. */
export function gitBlobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
