import { createHash } from 'node:crypto';
import { integer, nothing, objectIdentifier, octets, sequence } from '../keys/der.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const PATIENCE_MS = 20_000;
/** Bytes; without certificates a timestamp has less than a thousand. */
const LARGEST_ANSWER = 64 * 1024;

/**
 * Asks a timestamp authority for when it saw a signature (RFC 3161, over HTTP as in its 3.4). What it answers is not looked at here.
 *
 * @param url the whole address that takes queries
 * @throws Error when it does not answer, or not with a timestamp's media type
 */
export async function timestampOf(signature: Uint8Array, url: string): Promise<Buffer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: new Uint8Array(queryFor(signature)),
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok || response.body === null) throw new Error(`it answered with status ${response.status}`);
  const type = response.headers.get('content-type') ?? 'no media type';
  if (!type.startsWith('application/timestamp-reply')) throw new Error(`it answered with ${type}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > LARGEST_ANSWER) throw new Error(`it answered with more than ${LARGEST_ANSWER} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * RFC 3161, 2.4.1: TimeStampReq. There is no nonce, since the signature is new and no older answer can be about it, and no
 * certificate is asked for: those that count are in the trusted root.
 */
function queryFor(signature: Uint8Array): Buffer {
  const digest = createHash('sha256').update(signature).digest();
  const imprint = sequence(sequence(objectIdentifier(SHA256), nothing()), octets(digest));
  return sequence(integer(1), imprint);
}
