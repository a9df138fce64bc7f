import { nothing, objectIdentifier } from '../keys/der.ts';
import { whyNoCertificate } from './strict-certificate.ts';

/** Tags of X.690 (8.1.2, and the clause of each type), and those of places that RFC 5652 counts from 0. */
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const SET = 0x31;
const FIRST = 0xa0;

/** RFC 3161, 2.4.2: granted, and nothing to add to it. */
const GRANTED = 0;
/** RFC 5652, 5.1 and 5.3: what is signed is no plain data, and the signer is named by issuer and serial number. */
const VERSION = { signedData: 3, signerInfo: 1 } as const;
/**
 * How a timestamp can be signed: ECDSA with SHA-256, SHA-384 and SHA-512 (RFC 5754, 3.3), and RSA under both of its names with
 * SHA-256 (3.2). @sigstore/core takes whatever it does not know for SHA-256.
 */
const SIGNATURES: readonly Buffer[] = [
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'].map(objectIdentifier),
  ...['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.11'].map((name) =>
    Buffer.concat([objectIdentifier(name), nothing()]),
  ),
];
/** A timestamp has a dozen levels. */
const DEEPEST = 50;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly raw: Buffer;
}

/** Why some bytes are not what they should be. */
class Odd extends Error {}

/**
 * Why the bytes of a timestamp (RFC 3161, TimeStampResp) are not exactly one, or null. What is signed lies within much that is not:
 * @sigstore/core takes lengths in any form, and overlooks what it does not need. Everything here is in DER, and there is nothing that
 * nobody has signed, but for certificates: these are whole ones, and none of them is trusted.
 */
export function whyNoTimestamp(raw: Buffer): string | null {
  try {
    readAnswer(raw);
    return null;
  } catch (error) {
    if (error instanceof Odd) return error.message;
    throw error;
  }
}

function readAnswer(raw: Buffer): void {
  const [answer] = partsOf(raw, SEQUENCE);
  requireDer(answer, 0);
  const [status, token] = partsOf(answer.content, SEQUENCE, SEQUENCE);
  const [granted] = partsOf(status.content, INTEGER);
  requireNumber(granted, GRANTED, 'its status');
  const [, wrapped] = partsOf(token.content, OBJECT_IDENTIFIER, FIRST);
  const [signedData] = partsOf(wrapped.content, SEQUENCE);
  const all = elementsOf(signedData.content);
  const certificates = all.filter(({ tag }) => tag === FIRST);
  const others = all.filter(({ tag }) => tag !== FIRST);
  const [version, algorithms, signed, signers] = tagged(others, [INTEGER, SET, SEQUENCE, SET]);
  if (certificates.length > 0) readCertificates(certificates, all[3]);
  requireNumber(version, VERSION.signedData, 'the version of its signed data');
  readSigned(signed);
  const [signer] = partsOf(signers.content, SEQUENCE);
  const algorithm = readSigner(signer);
  const [only] = partsOf(algorithms.content, SEQUENCE);
  if (!digestOf(only).equals(algorithm)) throw new Odd('it names another digest than its signer');
}

/** RFC 5652, 5.1: certificates stand behind what is signed. */
function readCertificates([only, ...more]: readonly Element[], fourth: Element | undefined): void {
  if (only === undefined || more.length > 0 || only !== fourth) throw new Odd('its parts are not in order');
  for (const { raw } of elementsOf(only.content)) {
    const why = whyNoCertificate(raw);
    if (why !== null) throw new Odd(`one of its certificates is none: ${why}`);
  }
}

/** RFC 3161, 2.4.2: an OCTET STRING that holds a TSTInfo, whose digest is signed as it would be in DER. */
function readSigned({ content }: Element): void {
  const [, wrapped] = partsOf(content, OBJECT_IDENTIFIER, FIRST);
  const [octets] = partsOf(wrapped.content, OCTET_STRING);
  const [info] = partsOf(octets.content, SEQUENCE);
  requireDer(info, 0);
}

/** RFC 5652, 5.3, with signed attributes and without unsigned ones. @returns its digest's algorithm */
function readSigner({ content }: Element): Buffer {
  const [version, issuer, digest, , signature] = partsOf(
    content,
    INTEGER,
    SEQUENCE,
    SEQUENCE,
    FIRST,
    SEQUENCE,
    OCTET_STRING,
  );
  requireNumber(version, VERSION.signerInfo, 'the version of its signer');
  partsOf(issuer.content, SEQUENCE, INTEGER);
  if (!SIGNATURES.some((known) => known.equals(signature.content)))
    throw new Odd('it is signed in a way that is not known');
  return digestOf(digest);
}

/** The identifier of a digest. It has no parameters (RFC 5754, 2: absent, or NULL). */
function digestOf({ content }: Element): Buffer {
  const [identifier, parameters, ...more] = elementsOf(content);
  const isPlain = parameters === undefined || parameters.raw.equals(nothing());
  if (identifier?.tag !== OBJECT_IDENTIFIER || !isPlain || more.length > 0)
    throw new Odd('a digest in it has parameters');
  return identifier.content;
}

function requireNumber({ content }: Element, wanted: number, what: string): void {
  if (!content.equals(Buffer.of(wanted))) throw new Odd(`${what} is not ${wanted}`);
}

type Elements<Tags extends readonly number[]> = { readonly [Place in keyof Tags]: Element };

function partsOf<const Tags extends readonly number[]>(bytes: Buffer, ...tags: Tags): Elements<Tags> {
  return tagged(elementsOf(bytes), tags);
}

/** Exactly these elements, in this order. */
function tagged<const Tags extends readonly number[]>(
  elements: readonly Element[],
  tags: Tags,
): Elements<Tags> {
  const isSo = elements.length === tags.length && elements.every(({ tag }, at) => tag === tags[at]);
  if (!isSo) throw new Odd('it has other parts than a timestamp that is granted and signed once');
  return elements as unknown as Elements<Tags>;
}

const CONSTRUCTED = 0x20;

function requireDer({ tag, content }: Element, depth: number): void {
  if (depth > DEEPEST) throw new Odd('its parts lie too deep in each other');
  if ((tag & CONSTRUCTED) === 0) return;
  for (const element of elementsOf(content)) requireDer(element, depth + 1);
}

function elementsOf(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const { start, end } = placeOf(bytes, at);
    if (end > bytes.length) throw new Odd('a part of it is longer than what it lies in');
    elements.push({
      tag: bytes[at] ?? 0,
      content: bytes.subarray(start, end),
      raw: bytes.subarray(at, end),
    });
    at = end;
  }
  return elements;
}

/** X.690, 8.1.3 and 10.1: the length in the fewest octets; tags here have one. */
function placeOf(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0x80;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const count = first - 0x80;
  const start = at + 2 + count;
  if (count === 0 || count > 3 || start > bytes.length) throw new Odd('it is not in DER');
  const length = bytes.readUIntBE(at + 2, count);
  const isShortest = length >= 0x80 && length >= 256 ** (count - 1);
  if (!isShortest) throw new Odd('it is not in DER');
  return { start, end: start + length };
}
