/** Signatures that others see: a log and a timestamp authority, as they should answer and as they should not. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statementBytes } from '../../src/attest/statement.ts';
import { PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { checkAttestation } from '../../src/check-attestation.ts';
import { ReproveError } from '../../src/errors.ts';
import { readPublicKey } from '../../src/keys/key-file.ts';
import { makeKeyPair } from '../../src/keys/keygen.ts';
import type { KeyKind } from '../../src/keys/kinds.ts';
import { signAndWitness } from '../../src/signing/sign-and-witness.ts';
import type { Witnesses } from '../../src/sigstore/witness.ts';
import { DOCUMENTS, verificationOf } from '../support/attestations.ts';
import { temporaryFolder } from '../support/repository.ts';
import { type Spoil, TestSigstore } from '../support/sigstore.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder.path, name);
const now = new Date();
const occasion = { ...verificationOf(DOCUMENTS.reproduced) };
const statement = {
  ...occasion,
  predicate: { ...(occasion.predicate as object), timeVerified: now.toISOString() },
};
let sigstore: TestSigstore;

beforeAll(async () => {
  sigstore = await TestSigstore.start();
  writeFileSync(at('root.json'), JSON.stringify(sigstore.trustedRoot()));
  writeFileSync(at('other.json'), JSON.stringify((await TestSigstore.start()).trustedRoot()));
  writeFileSync(at('passphrase'), 'a passphrase\n');
  for (const kind of ['p256', 'ed25519'] as const)
    await makeKeyPair({ prefix: at(kind), kind, passphrase: 'a passphrase' });
});
afterAll(() => folder.dispose());

type Asked = (url: string) => Witnesses;
const BOTH: Asked = (url) => ({ rekorUrl: url, tsaUrl: `${url}/tsa` });
const LOG: Asked = (url) => ({ rekorUrl: url, tsaUrl: null });
const CLOCK: Asked = (url) => ({ rekorUrl: null, tsaUrl: `${url}/tsa` });

async function signed(asked: Asked, options: { spoil?: Spoil; root?: string; kind?: KeyKind } = {}) {
  const { spoil, root = 'root.json', kind = 'p256' } = options;
  const services = await sigstore.serve(spoil);
  try {
    const { bundles } = await signAndWitness({
      with: { kind: 'key', file: at(`${kind}.key`), passphraseFile: at('passphrase') },
      witnesses: asked(services.url),
      trust: { file: at(root), cacheDir: folder.path },
      payloadType: PAYLOAD_TYPE,
      payloads: [statementBytes(statement)],
    });
    return Buffer.from(JSON.stringify(bundles[0]));
  } finally {
    await services.close();
  }
}

const checked = async (bytes: Uint8Array, kind: KeyKind = 'p256', root = 'root.json') =>
  checkAttestation({
    name: 'bundle',
    bytes,
    signer: { kind: 'key', key: await readPublicKey(at(`${kind}.pub`)) },
    trust: { file: at(root), cacheDir: folder.path },
    expected: null,
    maxAgeMs: null,
    now: new Date(),
    policy: null,
    mustBeWitnessed: true,
  });

const witnessOf = (document: Awaited<ReturnType<typeof checked>>) =>
  document.claims.find(({ name }) => name === 'witness');

describe('a signature with a key of your own', () => {
  it.each([
    ['a log', LOG, ['A log has it']],
    ['a timestamp authority', CLOCK, ['A timestamp authority saw it']],
    ['both', BOTH, ['A log has it', 'A timestamp authority saw it']],
  ] as const)('is seen by %s, and checked offline', async (_, asked, said) => {
    const document = await checked(await signed(asked));
    expect(document.accepted, JSON.stringify(document.claims)).toBe(true);
    for (const words of said) expect(witnessOf(document)?.detail).toContain(words);
  });

  it('may be one of Ed25519', async () => {
    expect((await checked(await signed(BOTH, { kind: 'ed25519' }), 'ed25519')).accepted).toBe(true);
  });

  it('that nobody has seen is refused where somebody must have', async () => {
    const document = await checked(await signed(() => ({ rekorUrl: null, tsaUrl: null })));
    expect(witnessOf(document)).toMatchObject({ state: 'fails' });
    expect(document.accepted).toBe(false);
  });

  it('is refused under a root that knows another log and another authority', async () => {
    for (const asked of [LOG, CLOCK]) {
      const document = await checked(await signed(asked), 'p256', 'other.json');
      expect(document.claims.find(({ state }) => state === 'fails')?.name).toBe('signature');
    }
  });
});

describe('nothing is written when', () => {
  /** The entry in a log's answer, changed. */
  const entry =
    (change: (entry: Record<string, unknown>, proof: Record<string, unknown>) => unknown): Spoil =>
    (where, answer) => {
      if (!where.includes('log/entries')) return answer;
      const all = JSON.parse(answer.response as string) as Record<string, Record<string, unknown>>;
      for (const one of Object.values(all)) {
        const verification = one['verification'] as { inclusionProof: Record<string, unknown> };
        change(one, verification.inclusionProof);
      }
      return { ...answer, response: JSON.stringify(all) };
    };
  const answered =
    (response: string | Buffer<ArrayBuffer>, contentType: string, statusCode = 200): Spoil =>
    () => ({ statusCode, response, contentType });
  const JSON_TYPE = 'application/json';
  const REPLY = 'application/timestamp-reply';

  it.each<[string, Asked, { spoil?: Spoil; root?: string }]>([
    ['the log answers nonsense', LOG, { spoil: answered('nonsense', JSON_TYPE) }],
    ['the log answers with another document', LOG, { spoil: answered('{"a":{"b":1}}', JSON_TYPE) }],
    ['the log refuses', LOG, { spoil: answered('{"message":"no"}', JSON_TYPE, 400) }],
    [
      'the log leaves its proof out',
      LOG,
      { spoil: entry((one) => delete (one['verification'] as Record<string, unknown>)['inclusionProof']) },
    ],
    [
      'its proof is cut short',
      LOG,
      { spoil: entry((_, proof) => (proof['rootHash'] = String(proof['rootHash']).slice(2))) },
    ],
    ['its proof is of a larger tree', LOG, { spoil: entry((_, proof) => (proof['treeSize'] = 2)) }],
    [
      'its proof has a hash too many',
      LOG,
      { spoil: entry((_, proof) => (proof['hashes'] = ['00'.repeat(32)])) },
    ],
    [
      'its checkpoint is cut',
      LOG,
      { spoil: entry((_, proof) => (proof['checkpoint'] = String(proof['checkpoint']).slice(0, -9))) },
    ],
    [
      'it took another entry',
      LOG,
      {
        spoil: entry(
          (one) =>
            (one['body'] = Buffer.from('{"kind":"dsse","apiVersion":"0.0.1","spec":{}}').toString('base64')),
        ),
      },
    ],
    ['the log signs with a key that is not its own', LOG, { root: 'other.json' }],
    ['the authority answers nonsense', CLOCK, { spoil: answered('nonsense', REPLY) }],
    ['the authority answers with a page', CLOCK, { spoil: answered('<p>hello', 'text/html') }],
    ['the authority refuses', CLOCK, { spoil: answered('no', 'text/plain', 500) }],
    [
      'the authority refuses as RFC 3161 has it',
      CLOCK,
      { spoil: answered(Buffer.from('30053003020102', 'hex'), REPLY) },
    ],
    ['the authority answers without an end', CLOCK, { spoil: answered(Buffer.alloc(100_000), REPLY) }],
    [
      'its timestamp is cut short',
      CLOCK,
      {
        spoil: (_, answer) => ({
          ...answer,
          response: Buffer.from(answer.response as Uint8Array).subarray(0, -9),
        }),
      },
    ],
    ['the authority signs with a key that is not its own', CLOCK, { root: 'other.json' }],
  ])('%s', async (_, asked, options) => {
    const error: unknown = await signed(asked, options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ReproveError);
    expect((error as ReproveError).code).toBe('signing-failed');
  });
});

it('a statement that says it was made after others saw its signature is refused', async () => {
  const earlier = await TestSigstore.start({ logClock: new Date(now.getTime() - 3_600_000) });
  writeFileSync(at('earlier.json'), JSON.stringify(earlier.trustedRoot()));
  const services = await earlier.serve();
  const { bundles } = await signAndWitness({
    with: { kind: 'key', file: at('p256.key'), passphraseFile: at('passphrase') },
    witnesses: LOG(services.url),
    trust: { file: at('earlier.json'), cacheDir: folder.path },
    payloadType: PAYLOAD_TYPE,
    payloads: [statementBytes(statement)],
  });
  await services.close();
  const document = await checked(Buffer.from(JSON.stringify(bundles[0])), 'p256', 'earlier.json');
  expect(document.claims.find(({ state }) => state === 'fails')).toMatchObject({ name: 'freshness' });
});

/** A module or a service that has the key, in the form of a script around openssl. */
describe('a command that signs', () => {
  const key = at('hidden.pem');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(at('hidden.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  const script = (name: string, body: string) => {
    writeFileSync(at(name), `#!/bin/sh\n${body}\n`);
    chmodSync(at(name), 0o755);
    return at(name);
  };
  const by = (argv: [string, ...string[]], publicKeyFile = at('hidden.pub')) =>
    signAndWitness({
      with: { kind: 'command', argv, publicKeyFile },
      witnesses: { rekorUrl: null, tsaUrl: null },
      trust: { file: null, cacheDir: folder.path },
      payloadType: PAYLOAD_TYPE,
      payloads: [statementBytes(statement)],
    });
  const OPENSSL: [string, ...string[]] = ['openssl', 'dgst', '-sha256', '-sign', key];

  it.each<[string, () => [string, ...string[]]]>([
    ['raw', () => OPENSSL],
    ['in base64', () => [script('base64', `openssl dgst -sha256 -sign ${key} | base64 -w0; echo`)]],
  ])('%s', async (_, argv) => {
    const { bundles, signer } = await by(argv());
    const bytes = Buffer.from(JSON.stringify(bundles[0]));
    const document = await checkAttestation({
      name: 'bundle',
      bytes,
      signer: { kind: 'key', key: publicKey },
      trust: { file: null, cacheDir: folder.path },
      expected: null,
      maxAgeMs: null,
      now: new Date(),
      policy: null,
      mustBeWitnessed: false,
    });
    expect(document.accepted).toBe(true);
    expect(document.signer).toEqual(signer);
  });

  it.each<[string, () => [string, ...string[]], string]>([
    [
      'signs something else',
      () => [script('else', `echo x | openssl dgst -sha256 -sign ${key}`)],
      'no signature of',
    ],
    [
      'prints words around it',
      () => [script('words', `echo signed:; openssl dgst -sha256 -sign ${key}`)],
      'no signature of',
    ],
    [
      'breaks its base64 into lines',
      () => [script('lines', `openssl dgst -sha256 -sign ${key} | base64 -w40`)],
      'no signature of',
    ],
    ['prints nothing', () => ['true'], 'printed nothing'],
    [
      'fails, and says why',
      () => [script('fails', 'echo "no token" >&2; exit 3')],
      'It ended with 3: no token',
    ],
    ['is not there', () => [at('nowhere')], 'could not be started'],
    ['prints without an end', () => ['cat', '/dev/zero'], 'more than'],
  ])('that %s signs nothing', async (_, argv, why) => {
    const error: unknown = await by(argv()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ReproveError);
    expect((error as ReproveError).code).toBe('signing-failed');
    expect((error as ReproveError).text.why).toContain(why);
  });

  it('is told when its signature is a pair of numbers, as PKCS#11 has it', async () => {
    const raw = script(
      'pair',
      `exec ${process.execPath} -e "
      const { sign, createPrivateKey } = require('node:crypto');
      const key = createPrivateKey(require('fs').readFileSync('${key}'));
      process.stdout.write(sign('sha256', require('fs').readFileSync(0), { key, dsaEncoding: 'ieee-p1363' }));"`,
    );
    await expect(by([raw])).rejects.toMatchObject({
      text: { why: expect.stringContaining('in DER') as string },
    });
  });

  it('is not believed under the public key of another', async () => {
    await expect(by(OPENSSL, at('p256.pub'))).rejects.toMatchObject({ code: 'signing-failed' });
  });
});
