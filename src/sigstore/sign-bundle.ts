import { type KeyObject, sign } from 'node:crypto';
import { bundleToJSON, type SerializedBundle, toDSSEBundle } from '@sigstore/bundle';

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
export function signWithKey({ payload, payloadType }: Signable, { key, id }: NamedKey): SerializedBundle {
  // ECDSA needs a hash function named; Ed25519 has its own (RFC 8032).
  const algorithm = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
  const signature = sign(algorithm, preAuthEncoding(payloadType, payload), key);
  return bundleToJSON(toDSSEBundle({ artifact: payload, artifactType: payloadType, signature, keyHint: id }));
}

/** DSSE 1.0.2, protocol.md, "Signature Definition": lengths are counts of bytes. */
function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
