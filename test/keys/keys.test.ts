import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ReproveError } from '../../src/errors.ts';
import { readPrivateKey, readPublicKey } from '../../src/keys/key-file.ts';
import { makeKeyPair } from '../../src/keys/keygen.ts';
import { KEY_KINDS, keyId } from '../../src/keys/kinds.ts';
import { passphraseFrom } from '../../src/keys/passphrase.ts';
import { run } from '../../src/process.ts';
import { temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
const PASSPHRASE = 'a long passphrase, with ünïcode';
const prefix = (name: string) => path.join(folder.path, name);

beforeAll(async () => {
  for (const kind of KEY_KINDS) await makeKeyPair({ prefix: prefix(kind), kind, passphrase: PASSPHRASE });
});
afterAll(() => folder.dispose());
afterEach(() => vi.unstubAllEnvs());

/** The reason that is given for a refusal. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ReproveError);
  expect((error as ReproveError).code).toBe('usage');
  return (error as ReproveError).text.why;
}

describe.each(KEY_KINDS)('a new key pair of the kind %s', (kind) => {
  it('is for its owner alone, and what one half signs the other accepts', async () => {
    expect(statSync(`${prefix(kind)}.key`).mode & 0o777).toBe(0o600);
    const privateKey = await readPrivateKey(`${prefix(kind)}.key`, PASSPHRASE);
    const publicKey = await readPublicKey(`${prefix(kind)}.pub`);
    expect(keyId(privateKey)).toBe(keyId(publicKey));
    const data = Buffer.from('data');
    expect(verify(null, data, publicKey, sign(null, data, privateKey))).toBe(true);
  });

  it('cannot be opened with another passphrase, and an empty one is another', async () => {
    const file = `${prefix(kind)}.key`;
    expect(await refusal(readPrivateKey(file, `${PASSPHRASE} `))).toContain('The passphrase is not that');
    expect(await refusal(readPrivateKey(file, ''))).toContain('The passphrase is not that');
  });

  it('is encrypted with scrypt, as OpenSSL reads it', async () => {
    const file = `${prefix(kind)}.key`;
    const shown = await run({ file: 'openssl', args: ['asn1parse', '-in', file] });
    expect(new TextDecoder().decode(shown.stdout)).toMatch(/PBES2[^]*scrypt[^]*aes-256-cbc/i);
  });
});

it('never replaces a key, and leaves no half of a pair behind', async () => {
  const before = readFileSync(`${prefix('p256')}.key`, 'utf8');
  const again = makeKeyPair({ prefix: prefix('p256'), kind: 'p256', passphrase: 'other' });
  expect(await refusal(again)).toContain('never overwritten');
  expect(readFileSync(`${prefix('p256')}.key`, 'utf8')).toBe(before);
  writeFileSync(`${prefix('half')}.key`, 'something');
  expect(await refusal(makeKeyPair({ prefix: prefix('half'), kind: 'p256', passphrase: 'x' }))).toContain(
    'never',
  );
  expect(() => statSync(`${prefix('half')}.pub`)).toThrow('ENOENT');
});

describe('a private key is refused', () => {
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(prefix(name), text);
    chmodSync(prefix(name), mode);
    return prefix(name);
  };
  const encrypted = (pair: { privateKey: KeyObject }) =>
    pair.privateKey
      .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
      .toString();

  it.each([0o640, 0o604, 0o660, 0o610, 0o601])('when others can get at it (mode %o)', async (mode) => {
    const file = write(`open-${mode}`, readFileSync(`${prefix('p256')}.key`, 'utf8'), mode);
    expect(await refusal(readPrivateKey(file, PASSPHRASE))).toContain(`mode 0${mode.toString(8)}`);
  });

  it('when no passphrase protects it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const file = write('plain', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    expect(await refusal(readPrivateKey(file, ''))).toContain('no passphrase protects');
  });

  it.each([
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa 2048 bits'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ec secp384r1'],
    ['X25519', () => generateKeyPairSync('x25519'), 'x25519'],
  ])('when it is of the kind %s', async (name, make, shown) => {
    const file = write(name, encrypted(make()));
    expect(await refusal(readPrivateKey(file, PASSPHRASE))).toContain(shown);
  });

  it('when it is a public key, nothing, or endless', async () => {
    const publicKey = readFileSync(`${prefix('p256')}.pub`, 'utf8');
    expect(await refusal(readPrivateKey(write('public', publicKey), ''))).toContain(
      'no encrypted private key',
    );
    expect(await refusal(readPrivateKey(write('empty', ''), ''))).toContain('no encrypted private key');
    expect(await refusal(readPrivateKey('/dev/zero', ''))).toContain('larger than');
    expect(await refusal(readPrivateKey(prefix('nowhere'), ''))).toContain('ENOENT');
  });
});

it('a public key is refused when it is a private one, or damaged', async () => {
  expect(await refusal(readPublicKey(`${prefix('p256')}.key`))).toContain('It is a private key');
  const damaged = readFileSync(`${prefix('p256')}.pub`, 'utf8').replace(/M[^\n]+/, 'MAAA');
  writeFileSync(prefix('damaged'), damaged);
  expect(await refusal(readPublicKey(prefix('damaged')))).toContain('damaged');
  expect(createPublicKey(readFileSync(`${prefix('p256')}.pub`)).type).toBe('public');
});

describe('a passphrase', () => {
  it('is the first line of a file, before the variable', async () => {
    vi.stubEnv('REPROVE_PASSPHRASE', 'from the environment');
    writeFileSync(prefix('words'), 'two words \r\nanother line\n');
    expect(await passphraseFrom({ file: prefix('words'), twice: false })).toBe('two words ');
    expect(await passphraseFrom({ file: null, twice: false })).toBe('from the environment');
  });

  it('cannot be empty', async () => {
    vi.stubEnv('REPROVE_PASSPHRASE', '');
    writeFileSync(prefix('nothing'), '\nsecond line\n');
    expect(await refusal(passphraseFrom({ file: prefix('nothing'), twice: false }))).toContain('empty');
    expect(await refusal(passphraseFrom({ file: null, twice: false }))).toContain('empty');
  });
});
