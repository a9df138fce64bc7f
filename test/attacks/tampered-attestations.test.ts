import { createHash, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckDocument, exitCodeOfCheck } from '../../src/attest/check-document.ts';
import type { ClaimName, Expected } from '../../src/attest/check-statement.ts';
import { checkAttestation, type ExpectedSigner } from '../../src/check-attestation.ts';
import { PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { keyId } from '../../src/keys/kinds.ts';
import { LARGEST_BUNDLE } from '../../src/sigstore/read-bundle.ts';
import { signWithKey } from '../../src/sigstore/sign-bundle.ts';
import { DOCUMENTS, newKeys, provenanceOf, signedBy, SOON, verificationOf } from '../support/attestations.ts';
import { temporaryFolder } from '../support/repository.ts';
import { GITHUB, TestSigstore } from '../support/sigstore.ts';

/** The parts of a bundle that attacks change. */
interface Parts {
  mediaType: unknown;
  verificationMaterial: Record<string, unknown>;
  dsseEnvelope: { payload: string; payloadType: string; signatures: Record<string, unknown>[] };
}

const WORKFLOW = 'https://git.example/owner/repository/.github/workflows/release.yml@refs/heads/main';
const SIGNER = { subject: WORKFLOW, claims: { 8: GITHUB } };
const folder = temporaryFolder();
const rootFile = path.join(folder.path, 'root.json');
const keys = newKeys();
const namedKey = { key: keys.privateKey, id: keyId(keys.privateKey) };
const statement = verificationOf(DOCUMENTS.reproduced);
const bundle = signedBy(keys, statement);
const EXPECTED: Expected = {
  label: 'bundled-1.0.0.tgz',
  purl: 'pkg:npm/bundled@1.0.0',
  digests: statement.subject[0].digest,
};
const CERTIFIED: ExpectedSigner = { kind: 'certificate', identity: WORKFLOW, issuer: GITHUB };
let sigstore: TestSigstore;
let keyless: Buffer;

beforeAll(async () => {
  sigstore = await TestSigstore.start();
  writeFileSync(rootFile, JSON.stringify(sigstore.trustedRoot()));
  keyless = Buffer.from(JSON.stringify(await sigstore.signed(statement, SIGNER)));
});
afterAll(() => folder.dispose());

type Options = Partial<Parameters<typeof checkAttestation>[0]> & { readonly by?: KeyObject };

function checked(bytes: Uint8Array, options: Options = {}): Promise<CheckDocument> {
  return checkAttestation({
    name: 'bundle',
    bytes,
    signer: { kind: 'key', key: options.by ?? keys.publicKey },
    trust: { file: rootFile, cacheDir: folder.path },
    expected: EXPECTED,
    maxAgeMs: null,
    now: SOON,
    policy: null,
    mustBeWitnessed: false,
    ...options,
  });
}

const checkedKeyless = (bytes: Uint8Array, options: Options = {}) =>
  checked(bytes, { signer: CERTIFIED, now: new Date(), ...options });

const failed = ({ claims }: CheckDocument) =>
  claims.filter(({ state }) => state === 'fails').map((one) => one.name);
const detailOf = ({ claims }: CheckDocument) => claims.find(({ state }) => state === 'fails')?.detail ?? '';

function expectRefused(document: CheckDocument, claim: ClaimName, why = ''): void {
  expect(failed(document)).toEqual([claim]);
  expect(detailOf(document)).toContain(why);
  expect([document.accepted, exitCodeOfCheck(document)]).toEqual([false, 1]);
}

function changed(bytes: Uint8Array, change: (parts: Parts) => void): Buffer {
  const parts = JSON.parse(Buffer.from(bytes).toString('utf8')) as Parts;
  change(parts);
  return Buffer.from(JSON.stringify(parts));
}

it('both are accepted as they are', async () => {
  expect(await checked(bundle)).toMatchObject({ accepted: true, statement: { verdict: 'reproduced' } });
  const document = await checkedKeyless(keyless);
  expect(document).toMatchObject({ accepted: true, signer: { identity: WORKFLOW, issuer: GITHUB } });
  expect(exitCodeOfCheck(document)).toBe(0);
});

describe('one bit is flipped', () => {
  /** Every bit, but of the long texts only every `stride`th. */
  function* bitsOf(bytes: Buffer, stride: number): Generator<number> {
    const long = [...bytes.toString('latin1').matchAll(/[A-Za-z0-9+/=_-]{200,}/g)].map(
      (found) => [found.index, found.index + found[0].length] as const,
    );
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const at = bit >> 3;
      const isLong = long.some(([start, end]) => start <= at && at < end);
      if (!isLong || bit % stride === 0) yield bit;
    }
  }

  async function accepted(bytes: Buffer, stride: number, check: typeof checked): Promise<[number, string[]]> {
    const found: string[] = [];
    let count = 0;
    for (const bit of bitsOf(bytes, stride)) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const document = await check(copy);
      count += 1;
      if (document.accepted || exitCodeOfCheck(document) !== 1) found.push(`bit ${bit}`);
    }
    return [count, found];
  }

  it('of a bundle signed with a key', { timeout: 300_000 }, async () => {
    const [count, found] = await accepted(bundle, 11, checked);
    expect(found).toEqual([]);
    expect(count).toBeGreaterThan(5000);
  });

  it('of a bundle signed with a certificate, the log included', { timeout: 300_000 }, async () => {
    const [count, found] = await accepted(keyless, 41, checkedKeyless);
    expect(found).toEqual([]);
    expect(count).toBeGreaterThan(5000);
  });
});

describe('the statement is changed and put back into its envelope', () => {
  /** Every way to change one leaf of a value, with the path to it. */
  function* changes(value: unknown, at: string): Generator<readonly [string, unknown]> {
    if (typeof value !== 'object' || value === null) {
      yield [at, typeof value === 'number' ? value + 1 : `${String(value)}x`];
      return;
    }
    for (const [name, inner] of Object.entries(value)) {
      const { [name]: _, ...without } = value as Record<string, unknown>;
      if (!Array.isArray(value)) yield [`${at}.${name} left out`, without];
      for (const [where, other] of changes(inner, `${at}.${name}`)) {
        const copy: unknown = Array.isArray(value)
          ? value.with(Number(name), other)
          : { ...value, [name]: other };
        yield [where, copy];
      }
    }
  }

  it.each(['a key', 'a certificate'])('every field of one signed with %s', async (by) => {
    const [bytes, check] = by === 'a key' ? [bundle, checked] : [keyless, checkedKeyless];
    const wrong: string[] = [];
    let count = 0;
    for (const [where, other] of changes(statement, 'statement')) {
      const payload = Buffer.from(JSON.stringify(other)).toString('base64');
      const document = await check(changed(bytes, (parts) => (parts.dsseEnvelope.payload = payload)));
      count += 1;
      if (failed(document).join() !== 'signature') wrong.push(where);
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });

  it('by white space alone', async () => {
    const payload = Buffer.from(JSON.stringify(statement, null, 1)).toString('base64');
    expectRefused(
      await checked(changed(bundle, (parts) => (parts.dsseEnvelope.payload = payload))),
      'signature',
    );
  });
});

describe('a signature from elsewhere', () => {
  it('of another statement by the same key', async () => {
    const other = JSON.parse(signedBy(keys, provenanceOf(DOCUMENTS.reproduced)).toString()) as Parts;
    const swapped = changed(
      bundle,
      (parts) => (parts.dsseEnvelope.signatures = other.dsseEnvelope.signatures),
    );
    expectRefused(await checked(swapped), 'signature');
  });

  it('of another key, which it names', async () => {
    expectRefused(await checked(signedBy(newKeys(), statement)), 'signer', 'It names the key');
  });

  it('of another key, under the name of the right one', async () => {
    const { hint } = (
      JSON.parse(bundle.toString()) as { verificationMaterial: { publicKey: { hint: string } } }
    ).verificationMaterial.publicKey;
    const forged = changed(signedBy(newKeys(), statement), (parts) => {
      parts.verificationMaterial = { publicKey: { hint } };
      parts.dsseEnvelope.signatures = parts.dsseEnvelope.signatures.map((one) => ({ ...one, keyid: hint }));
    });
    expectRefused(await checked(forged), 'signature');
  });

  it('of a certificate where a key was asked for, and the reverse', async () => {
    expectRefused(await checked(keyless), 'signer', '--identity');
    expectRefused(await checkedKeyless(bundle), 'signer', '--key');
  });

  it('in a second envelope signature', async () => {
    const twice = changed(bundle, (parts) =>
      parts.dsseEnvelope.signatures.push(...parts.dsseEnvelope.signatures),
    );
    expectRefused(await checked(twice), 'bundle', 'exactly one signature');
    expectRefused(await checked(changed(bundle, (parts) => (parts.dsseEnvelope.signatures = []))), 'bundle');
  });
});

describe('a right signature on the wrong thing', () => {
  const digestOf = (text: string) => ({
    sha512: createHash('sha512').update(text).digest('hex'),
    sha256: createHash('sha256').update(text).digest('hex'),
  });

  it('another file', async () => {
    const expected = { ...EXPECTED, digests: digestOf('another') };
    expectRefused(await checked(bundle, { expected }), 'subject', 'has sha512');
  });

  it('the same bytes under the name of another package or version', async () => {
    for (const purl of ['pkg:npm/bundled@1.0.1', 'pkg:npm/other@1.0.0']) {
      expectRefused(await checked(bundle, { expected: { ...EXPECTED, purl } }), 'subject', purl);
    }
  });

  it('one digest of two is that of another file', async () => {
    const [subject] = statement.subject;
    const digest = { ...subject.digest, sha256: digestOf('another').sha256 };
    const mixed = signedBy(keys, { ...statement, subject: [{ ...subject, digest }] });
    expectRefused(await checked(mixed), 'subject');
  });

  it('only a digest that is broken', async () => {
    const provenance = provenanceOf(DOCUMENTS.reproduced);
    const foreign = {
      ...provenance,
      subject: [{ name: EXPECTED.purl, digest: { sha1: DOCUMENTS.reproduced.subject.digests?.sha1 } }],
      predicate: {
        buildDefinition: { buildType: 'https://other.example/build/v1', externalParameters: {} },
        runDetails: { builder: { id: 'https://other.example/builder' } },
      },
    };
    expectRefused(await checked(signedBy(keys, foreign)), 'subject', 'no digest that counts');
  });

  it('two subjects, of which one is right', async () => {
    const two = { ...statement, subject: [...statement.subject, ...statement.subject] };
    expectRefused(await checked(signedBy(keys, two)), 'statement');
  });

  it.each([
    [
      'a predicate type that is not known',
      { predicateType: 'https://other.example/verdict/v1' },
      'not known',
    ],
    [
      'the next version of a predicate',
      { predicateType: statement.predicateType.replace('v1', 'v2') },
      'not known',
    ],
    ['a predicate type that objects have anyway', { predicateType: 'constructor' }, 'not known'],
    ['another statement type', { _type: 'https://in-toto.io/Statement/v9' }, 'no in-toto statement'],
    ['a field too many', { predicate: { ...(statement.predicate as object), approved: true } }, 'approved'],
    [
      'a verdict of its own',
      { predicate: { ...(statement.predicate as object), verdict: 'fine' } },
      'verdict',
    ],
    ['no predicate', { predicate: undefined }, 'predicate'],
    ['a field beside the predicate', { extra: 1 }, 'extra'],
  ])('%s', async (_, change, why) => {
    expectRefused(await checked(signedBy(keys, { ...statement, ...change })), 'statement', why);
  });

  it('a payload of another type', async () => {
    const other = changed(bundle, (parts) => (parts.dsseEnvelope.payloadType = 'text/plain'));
    expectRefused(await checked(other), 'bundle', 'text/plain');
  });

  it('a statement that says diverged is accepted, and is no success', async () => {
    const document = await checked(signedBy(keys, verificationOf(DOCUMENTS.diverged)));
    expect([document.accepted, exitCodeOfCheck(document)]).toEqual([true, 1]);
    const unknown = await checked(signedBy(keys, verificationOf(DOCUMENTS.unverifiable)));
    expect([unknown.accepted, exitCodeOfCheck(unknown)]).toEqual([true, 3]);
  });
});

describe('time', () => {
  const at = (now: string, maxAgeMs: number | null) => checked(bundle, { now: new Date(now), maxAgeMs });
  const DAY = 86_400_000;

  it('older than it may be', async () => {
    expectRefused(await at('2026-01-03T00:00:00Z', DAY), 'freshness', 'at most 1 days');
    expect((await at('2026-01-01T23:00:00Z', DAY)).accepted).toBe(true);
  });

  it('from the future, by years, whatever age was asked for', async () => {
    for (const age of [null, DAY]) {
      expectRefused(await at('2020-01-01T00:00:00Z', age), 'freshness', 'one of the two clocks is wrong');
    }
    expect((await at('2026-01-01T00:00:00Z', null)).accepted).toBe(true);
  });
});

describe('a certificate', () => {
  it.each([
    ['an identity that only begins so', { identity: WORKFLOW.slice(0, -1) }],
    ['an identity that only ends so', { identity: WORKFLOW.slice(1) }],
    ['a pattern that would match', { identity: '.*' }],
    [
      'an identity in which a dot would be any character',
      { identity: WORKFLOW.replace('git.example', 'git-example') },
    ],
    ['an empty identity', { identity: '' }],
    ['another issuer', { issuer: 'https://accounts.example' }],
    ['an issuer that only begins so', { issuer: GITHUB.slice(0, -1) }],
  ])('of another signer: %s', async (_, wanted) => {
    const signer = { kind: 'certificate', identity: WORKFLOW, issuer: GITHUB, ...wanted } as const;
    expectRefused(await checked(keyless, { signer, now: new Date() }), 'signer', 'asked for was');
  });

  it('of an authority that is not trusted', async () => {
    const other = path.join(folder.path, 'other.json');
    writeFileSync(other, JSON.stringify((await TestSigstore.start()).trustedRoot()));
    const trust = { file: other, cacheDir: folder.path };
    expectRefused(await checkedKeyless(keyless, { trust }), 'signature');
  });

  it.each([
    ['that had expired', '2120-01-01T00:00:00Z'],
    ['that was not valid yet', '2021-01-01T00:00:00Z'],
  ])('%s when the log saw the signature', async (_, moment) => {
    const root = path.join(folder.path, 'clock.json');
    const elsewhen = await TestSigstore.start({ logClock: new Date(moment) });
    writeFileSync(root, JSON.stringify(elsewhen.trustedRoot()));
    const bytes = Buffer.from(JSON.stringify(await elsewhen.signed(statement, SIGNER)));
    const trust = { file: root, cacheDir: folder.path };
    expectRefused(await checkedKeyless(bytes, { trust }), 'signature', 'certificate');
  });

  it.each([
    ['no log entry', (parts: Parts) => (parts.verificationMaterial['tlogEntries'] = [])],
    ['the same entry twice', (parts: Parts) => entriesOf(parts).push(...entriesOf(parts))],
    ['no proof', (parts: Parts) => delete entriesOf(parts)[0]?.['inclusionProof']],
    ['no promise and no time', (parts: Parts) => delete entriesOf(parts)[0]?.['inclusionPromise']],
    [
      'a cut checkpoint',
      (parts: Parts) => cut(proofOf(parts)['checkpoint'] as Record<string, unknown>, 'envelope'),
    ],
    ['a letter in its checkpoint that base64 skips', (parts: Parts) => spoil(proofOf(parts)['checkpoint'])],
    ['a cut root hash', (parts: Parts) => cut(proofOf(parts), 'rootHash')],
    ['a hash too many', (parts: Parts) => (proofOf(parts)['hashes'] = [Buffer.alloc(32).toString('base64')])],
    ['a larger tree', (parts: Parts) => (proofOf(parts)['treeSize'] = '2')],
    ['another place in the tree', (parts: Parts) => (proofOf(parts)['logIndex'] = '1')],
  ])('whose log proof has %s', async (_, change) => {
    const document = await checkedKeyless(changed(keyless, change));
    expect(document.accepted).toBe(false);
    expect(['bundle', 'signature']).toContain(failed(document)[0]);
  });

  const entriesOf = (parts: Parts) => parts.verificationMaterial['tlogEntries'] as Record<string, unknown>[];
  const proofOf = (parts: Parts) => entriesOf(parts)[0]?.['inclusionProof'] as Record<string, unknown>;
  const spoil = (checkpoint: unknown) => {
    const holder = checkpoint as { envelope: string };
    holder.envelope = holder.envelope.replace(/\n$/, '*\n');
  };
  const cut = (holder: Record<string, unknown>, name: string) => {
    holder[name] = String(holder[name]).slice(0, -8);
  };
});

describe('bytes that are no bundle', () => {
  const text = (value: string) => Buffer.from(value);
  const deep = 1_000_000;

  it.each([
    ['nothing', text(''), 'not JSON'],
    ['something that is no JSON', text('{'), 'not JSON'],
    ['a byte order mark', Buffer.concat([text('\ufeff'), bundle]), 'not JSON'],
    ['bytes that are no UTF-8', Buffer.concat([bundle, Buffer.of(0xff)]), 'not JSON'],
    ['two bundles', Buffer.concat([bundle, bundle]), 'not JSON'],
    ['an array', text('[]'), 'expected object'],
    ['null', text('null'), 'expected object'],
    ['deep JSON', text('['.repeat(deep) + ']'.repeat(deep)), 'expected object'],
    ['deep JSON in a field', text(`{"mediaType":${'['.repeat(deep)}${']'.repeat(deep)}}`), 'mediaType'],
    ['more than a bundle can have', Buffer.alloc(LARGEST_BUNDLE + 1, 0x20), 'larger than'],
  ])('%s', async (_, bytes, why) => {
    expectRefused(await checked(bytes), 'bundle', why);
  });

  it.each([
    'application/vnd.dev.sigstore.bundle.v0.4+json',
    'application/vnd.dev.sigstore.bundle+json;version=9.9',
    'application/vnd.dev.sigstore.bundle.v0.3+json;charset=utf-8',
    'application/json',
    '',
    null,
  ])('the media type %j', async (mediaType) => {
    expectRefused(
      await checked(changed(bundle, (parts) => (parts.mediaType = mediaType))),
      'bundle',
      'mediaType',
    );
  });

  it('a name twice, in the bundle or in what is signed: readers differ in which of the two they take', async () => {
    const twice = bundle.toString().replace('"payloadType":', '"payloadType":"text/plain","payloadType":');
    expectRefused(await checked(Buffer.from(twice)), 'bundle', '"payloadType" twice');
    const payload = Buffer.from(`{"_type":"other",${JSON.stringify(statement).slice(1)}`);
    const signed = signWithKey({ payload, payloadType: PAYLOAD_TYPE }, namedKey);
    expectRefused(await checked(Buffer.from(JSON.stringify(signed))), 'statement', '"_type" twice');
  });

  it('deep JSON that is signed', async () => {
    const nested = JSON.parse('['.repeat(1000) + ']'.repeat(1000)) as object;
    const document = await checked(signedBy(keys, { ...statement, predicate: nested }));
    expectRefused(document, 'statement');
  });

  it('base64 in the other alphabet and without padding is the same; in both, or with what is skipped, it is refused', async () => {
    const encoded = (make: (payload: string) => string) =>
      changed(bundle, ({ dsseEnvelope }) => (dsseEnvelope.payload = make(dsseEnvelope.payload)));
    const urlSafe = (payload: string) => Buffer.from(payload, 'base64').toString('base64url');
    expect((await checked(encoded(urlSafe))).accepted).toBe(true);
    const odd = [
      (payload: string) => `${payload}\n`,
      (payload: string) => `${payload.slice(0, 8)} ${payload.slice(8)}`,
      (payload: string) => `${payload.slice(0, 8)}*${payload.slice(8)}`,
      (payload: string) => `${payload}====`,
      (payload: string) => `+-_/${payload}`,
      () => '',
    ];
    for (const make of odd) expectRefused(await checked(encoded(make)), 'bundle', 'base64');
  });
});
