import { type KeyObject, sign } from 'node:crypto';
import { bundleToJSON, type SerializedBundle, toDSSEBundle } from '@sigstore/bundle';

export type { SerializedBundle } from '@sigstore/bundle';

/** What is signed, in the envelope that goes with it. */
export interface Signable {
  readonly payload: Buffer;
  /** A media type. */
  readonly payloadType: string;
}

/** A key with the name that bundles give it. */
export interface NamedKey {
  readonly key: KeyObject;
  readonly id: string;
}

/**
 * Signs with a key of the user's own: a Sigstore bundle v0.3 around a DSSE envelope, which names the key and is in no log.
 *
 * @param by.key private; P-256 or Ed25519
 */
export function signWithKey(signable: Signable, { key, id }: NamedKey): SerializedBundle {
  return bundleOf(signable, sign(hashOf(key), preAuthEncoding(signable), key), id);
}

/** A bundle around what was signed. @param id the name of the key */
export function bundleOf(
  { payload, payloadType }: Signable,
  signature: Buffer,
  id: string,
): SerializedBundle {
  return bundleToJSON(toDSSEBundle({ artifact: payload, artifactType: payloadType, signature, keyHint: id }));
}

/** The hash function of a key's signatures: ECDSA needs one named; Ed25519 has its own (RFC 8032). */
export function hashOf(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ec' ? 'sha256' : null;
}

/** What is signed: DSSE 1.0.2, protocol.md, "Signature Definition"; lengths are counts of bytes. */
export function preAuthEncoding({ payload, payloadType }: Signable): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
