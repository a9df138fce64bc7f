/**
 * A timestamp (RFC 3161) in a bundle, changed. What the authority has signed lies within much that it has not, and none of that may be
 * another way to write the same, or a place to keep things.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAttestation } from '../../src/check-attestation.ts';
import { nothing, objectIdentifier, octets, sequence } from '../../src/keys/der.ts';
import { whyNoTimestamp } from '../../src/sigstore/strict-timestamp.ts';
import { witnessed } from '../../src/sigstore/witness.ts';
import { DOCUMENTS, newKeys, signedBy, verificationOf } from '../support/attestations.ts';
import { temporaryFolder } from '../support/repository.ts';
import { TestSigstore } from '../support/sigstore.ts';

const folder = temporaryFolder();
const rootFile = path.join(folder.path, 'root.json');
const keys = newKeys();
const verification = verificationOf(DOCUMENTS.reproduced);
/** Of now, when it is seen. */
const statement = {
  ...verification,
  predicate: { ...(verification.predicate as object), timeVerified: new Date().toISOString() },
};
let bundle: Awaited<ReturnType<typeof witnessed>>;
let timestamp: Buffer;

beforeAll(async () => {
  const sigstore = await TestSigstore.start();
  writeFileSync(rootFile, JSON.stringify(sigstore.trustedRoot()));
  const services = await sigstore.serve();
  const pem = keys.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const unseen: unknown = JSON.parse(signedBy(keys, statement).toString());
  bundle = await witnessed(unseen, pem, { rekorUrl: null, tsaUrl: `${services.url}/tsa` });
  await services.close();
  const [first] = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  timestamp = Buffer.from(first?.signedTimestamp ?? '', 'base64');
});
afterAll(() => folder.dispose());

/** The claims that do not hold of a bundle with these bytes for a timestamp. */
async function failed(bytes: Buffer): Promise<readonly string[]> {
  const { verificationMaterial } = bundle;
  const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: bytes.toString('base64') }] };
  const changed = { ...bundle, verificationMaterial: { ...verificationMaterial, timestampVerificationData } };
  const { claims } = await checkAttestation({
    name: 'bundle',
    bytes: Buffer.from(JSON.stringify(changed)),
    signer: { kind: 'key', key: keys.publicKey },
    trust: { file: rootFile, cacheDir: folder.path },
    expected: null,
    maxAgeMs: null,
    now: new Date(),
    policy: null,
    mustBeWitnessed: true,
  });
  return claims.filter(({ state }) => state === 'fails').map(({ name }) => name);
}

/** An element of DER (X.690); what is in one that is constructed are elements. */
interface Element {
  readonly tag: number;
  readonly content: Buffer | Element[];
}

const CONSTRUCTED = 0x20;

function read(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const count = first < 0x80 ? 0 : first - 0x80;
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    const content = bytes.subarray(start, start + length);
    elements.push({ tag, content: (tag & CONSTRUCTED) === 0 ? content : read(content) });
    at = start + length;
  }
  return elements;
}

/** @param long an element whose length is written in one octet more than it takes */
function write(elements: readonly Element[], long: Element | null = null): Buffer {
  return Buffer.concat(
    elements.map((element) => {
      const { tag, content } = element;
      const inner = Buffer.isBuffer(content) ? content : write(content, long);
      const octetsOf = inner.length.toString(16);
      const shortest = Buffer.from(octetsOf.padStart(octetsOf.length + (octetsOf.length % 2), '0'), 'hex');
      const isLong = element === long;
      const padded = isLong && inner.length >= 0x80 ? Buffer.concat([Buffer.of(0), shortest]) : shortest;
      const length =
        inner.length < 0x80 && !isLong
          ? Buffer.of(inner.length)
          : Buffer.concat([Buffer.of(0x80 + padded.length), padded]);
      return Buffer.concat([Buffer.of(tag), length, inner]);
    }),
  );
}

function* all(elements: readonly Element[]): Generator<Element> {
  for (const element of elements) {
    yield element;
    if (!Buffer.isBuffer(element.content)) yield* all(element.content);
  }
}

/** The elements of the timestamp with something done to those within the element that a path of indices leads to. */
function changedAt(place: readonly number[], change: (inner: Element[]) => void): Buffer {
  const elements = read(timestamp);
  let inner = elements;
  for (const at of place) {
    const content = inner.at(at)?.content;
    if (content === undefined || Buffer.isBuffer(content)) throw new Error('There is no such place.');
    inner = content;
  }
  change(inner);
  return write(elements);
}

/** Places in TimeStampResp (RFC 3161, 2.4.2) and SignedData (RFC 5652, 5.1). */
const STATUS = [0, 0];
const SIGNED_DATA = [0, 1, 1, 0];
/** None were asked for. */
const CERTIFICATES = [...SIGNED_DATA, 3];
const SIGNERS = [...SIGNED_DATA, -1];
const SIGNER = [...SIGNERS, 0];

it('is accepted as it is', async () => {
  expect(await failed(timestamp)).toEqual([]);
  expect(write(read(timestamp))).toEqual(timestamp);
});

it.each([
  ['one bit is', (at: number) => 1 << (at % 8)],
  ['all bits are', () => 0xff],
] as const)('%s flipped, in whichever byte', { timeout: 300_000 }, async (_, flips) => {
  const unnoticed: number[] = [];
  for (const [at, byte] of timestamp.entries()) {
    const copy = Buffer.from(timestamp);
    copy[at] = byte ^ flips(at);
    if ((await failed(copy)).length === 0) unnoticed.push(at);
  }
  expect(unnoticed).toEqual([]);
  expect(timestamp.length).toBeGreaterThan(300);
});

it('a length is written longer than it has to be, wherever there is one', async () => {
  const elements = read(timestamp);
  const found: string[][] = [];
  for (const element of all(elements)) found.push([...(await failed(write(elements, element)))]);
  expect(found.length).toBeGreaterThan(30);
  expect(found.every((claims) => claims.length > 0)).toBe(true);
});

it('a length within what is signed is written longer', async () => {
  const bytes = changedAt([...SIGNED_DATA, 2, 1], (inner) => {
    const info = read(inner[0]?.content as Buffer);
    inner[0] = { tag: 0x04, content: write(info, info[0] ?? null) };
  });
  expect(await failed(bytes)).toEqual(['bundle']);
});

describe('something is put where nobody signs', () => {
  const TEXT: Element = { tag: 0x30, content: [{ tag: 0x0c, content: Buffer.from('Hello') }] };
  const NONE: Element = { tag: 0xa0, content: [] };
  const OTHER: Element = { tag: 0x06, content: objectIdentifier('1.2.3').subarray(2) };
  const UNSIGNED: Element = {
    tag: 0xa1,
    content: read(sequence(objectIdentifier('1.2.3'), Buffer.of(0x31, 0))),
  };

  it.each<[string, () => Buffer]>([
    ['behind it', () => Buffer.concat([timestamp, Buffer.of(0)])],
    ['behind it, an element', () => Buffer.concat([timestamp, nothing()])],
    ['beside the status, a text', () => changedAt(STATUS, (inner) => inner.push(TEXT))],
    ['beside the token', () => changedAt([0], (inner) => inner.push(TEXT))],
    ['an attribute of the signer', () => changedAt(SIGNER, (inner) => inner.push(UNSIGNED))],
    ['a second signer', () => changedAt(SIGNERS, (inner) => inner.push(...inner))],
    [
      'a list of what is revoked',
      () => changedAt(SIGNED_DATA, (inner) => inner.splice(-1, 0, { tag: 0xa1, content: [] })),
    ],
    ['a certificate that is none', () => changedAt(CERTIFICATES, (inner) => inner.push(TEXT))],
    ['a second digest', () => changedAt([...SIGNED_DATA, 1], (inner) => inner.push(...inner))],
    ['a second set of certificates', () => changedAt(SIGNED_DATA, (inner) => inner.splice(3, 0, NONE))],
    ['a signature of an unknown kind', () => changedAt([...SIGNER, 4], (inner) => inner.splice(0, 1, OTHER))],
    [
      'parameters of an algorithm',
      () =>
        changedAt([...SIGNED_DATA, 1, 0], (inner) =>
          inner.splice(1, 1, { tag: 0x04, content: octets(Buffer.from('Hello')) }),
        ),
    ],
  ])('%s', async (_, change) => {
    expect(await failed(change())).toEqual(['bundle']);
  });
});

it('parts lie in each other without end', () => {
  let deep = Buffer.alloc(0);
  while (deep.length < 10_000) deep = Buffer.from(sequence(deep));
  expect(whyNoTimestamp(deep)).toContain('too deep');
});
