/** Signatures and timestamps, checked by a program that shares no line with what made them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { statementBytes } from '../../src/attest/statement.ts';
import { PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { keyId } from '../../src/keys/kinds.ts';
import { signWithKey } from '../../src/sigstore/sign-bundle.ts';
import { witnessed } from '../../src/sigstore/witness.ts';
import { DOCUMENTS, verificationOf } from '../support/attestations.ts';
import { temporaryFolder } from '../support/repository.ts';
import { TestSigstore } from '../support/sigstore.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const payload = statementBytes(verificationOf(DOCUMENTS.reproduced));

const isThere = spawnSync('openssl', ['version']).status === 0;

function openssl(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder.path, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

function kept(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(folder.path, name), content);
  return name;
}

const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString();

function signatureIn({ dsseEnvelope }: ReturnType<typeof signWithKey>): Buffer {
  return Buffer.from(dsseEnvelope?.signatures[0]?.sig ?? '', 'base64');
}

/** DSSE 1.0.2, protocol.md: what is signed, put together from what the envelope holds. */
function signedBytes({ dsseEnvelope }: ReturnType<typeof signWithKey>): Buffer {
  const body = Buffer.from(dsseEnvelope?.payload ?? '', 'base64');
  const type = dsseEnvelope?.payloadType ?? '';
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
}

describe.skipIf(!isThere)('OpenSSL', () => {
  it.each([
    ['p256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), ['-digest', 'sha256']],
    ['ed25519', () => generateKeyPairSync('ed25519'), []],
  ] as const)(
    'confirms the signature of a bundle with a key of %s, and of no other bytes',
    (_, make, digest) => {
      const { publicKey, privateKey } = make();
      const named = { key: privateKey, id: keyId(publicKey) };
      const bundle = signWithKey({ payload, payloadType: PAYLOAD_TYPE }, named);
      const bytes = signedBytes(bundle);
      const verify = (name: string) =>
        openssl(
          'pkeyutl',
          '-verify',
          '-pubin',
          '-inkey',
          'key.pub',
          '-rawin',
          ...digest,
          '-in',
          name,
          '-sigfile',
          'sig',
        );
      kept('key.pub', pem(publicKey));
      kept('sig', signatureIn(bundle));
      expect(verify(kept('signed', bytes))).toMatchObject({ status: 0 });
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      expect(verify(kept('other', bytes)).status).toBe(1);
    },
  );

  it('confirms the timestamp of a bundle, and of no other signature', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const named = { key: privateKey, id: keyId(publicKey) };
    const sigstore = await TestSigstore.start();
    const services = await sigstore.serve();
    const signed = signWithKey({ payload, payloadType: PAYLOAD_TYPE }, named);
    const bundle = await witnessed(signed, pem(publicKey), { rekorUrl: null, tsaUrl: `${services.url}/tsa` });
    await services.close();
    const [timestamp] = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    kept('timestamp', Buffer.from(timestamp?.signedTimestamp ?? '', 'base64'));
    const [signing = '', root = ''] = sigstore.timestampCertificates();
    kept('signing.pem', signing);
    kept('root.pem', root);
    const verify = (name: string) =>
      openssl(
        'ts',
        '-verify',
        '-data',
        name,
        '-in',
        'timestamp',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'signing.pem',
      );
    expect(verify(kept('seen', signatureIn(bundle)))).toMatchObject({ status: 0 });
    expect(verify(kept('unseen', Buffer.alloc(70))).status).toBe(1);
  });
});
