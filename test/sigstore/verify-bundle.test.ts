import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTrustedRoot, seededTarget } from '../../src/sigstore/trusted-root.ts';
import { bundleVerifier } from '../../src/sigstore/verify-bundle.ts';
import { temporaryFolder } from '../support/registry.ts';
import { type TestBundle, TestRegistryKey, TestSigstore, workflowOf } from '../support/sigstore.ts';

const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [],
  predicateType: 'https://x.example/1',
};
const WORKFLOW = workflowOf('https://github.com/o/r', 'c'.repeat(40));

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.start();
});

async function verifierOf(root: object) {
  const cacheDir = await temporaryFolder();
  const file = path.join(cacheDir, 'trusted_root.json');
  await writeFile(file, JSON.stringify(root));
  return bundleVerifier({ file, cacheDir });
}

describe('a bundle', () => {
  it('says who signed', async () => {
    const verifier = await verifierOf(sigstore.trustedRoot());
    const check = await verifier.verify(await sigstore.signed(STATEMENT, WORKFLOW));
    expect(check).toMatchObject({
      kind: 'verified',
      signer: { issuer: 'https://token.actions.githubusercontent.com', subject: WORKFLOW.subject },
    });
    const claims = check.kind === 'verified' ? check.signer?.claims : null;
    expect([claims?.get(12), claims?.get(13)]).toEqual(['https://github.com/o/r', 'c'.repeat(40)]);
  });

  it('reads the claims of certificates of before 2023', async () => {
    const verifier = await verifierOf(sigstore.trustedRoot());
    const old = { subject: WORKFLOW.subject, claims: { 1: 'https://gitlab.com', 5: 'o/r' } };
    const check = await verifier.verify(await sigstore.signed(STATEMENT, old));
    expect(check).toMatchObject({ kind: 'verified', signer: { issuer: 'https://gitlab.com' } });
    expect(check.kind === 'verified' && check.signer?.claims.get(5)).toBe('o/r');
  });

  it.each<[string, (bundle: TestBundle) => unknown]>([
    ['with another payload', (one) => withEnvelope(one, { payload: Buffer.from('{}').toString('base64') })],
    ['with another signature', (one) => withEnvelope(one, { signatures: [{ sig: 'AAAA', keyid: '' }] })],
    ['without a log entry', (one) => withMaterial(one, { tlogEntries: [] })],
    ['with a certificate that is none', (one) => withMaterial(one, { certificate: { rawBytes: 'AAAA' } })],
    ['that is none', () => ({ mediaType: 'x' })],
    ['that is no object', () => null],
  ])('%s is not valid', async (_what, change) => {
    const verifier = await verifierOf(sigstore.trustedRoot());
    const bundle = await sigstore.signed(STATEMENT, WORKFLOW);
    expect((await verifier.verify(change(bundle))).kind).toBe('invalid');
  });

  it('of another authority is not valid under a root of the user', async () => {
    const other = await TestSigstore.start();
    const verifier = await verifierOf(other.trustedRoot());
    expect((await verifier.verify(await sigstore.signed(STATEMENT, WORKFLOW))).kind).toBe('invalid');
  });

  it('that a key signed holds with that key alone, while it is valid', async () => {
    const verifier = await verifierOf(sigstore.trustedRoot());
    const registry = new TestRegistryKey();
    const bundle = await sigstore.signedWithKey(STATEMENT, registry.keys, registry.id);
    const spki = registry.keys.publicKey.export({ format: 'der', type: 'spki' });
    const key = { id: registry.id, spki, validFor: { start: 0, end: Number.POSITIVE_INFINITY } };
    expect(await verifier.verify(bundle, [key])).toEqual({ kind: 'verified', signer: null });
    const kinds = [
      await verifier.verify(bundle, []),
      await verifier.verify(bundle, [
        { ...key, spki: new TestRegistryKey().keys.publicKey.export({ format: 'der', type: 'spki' }) },
      ]),
      await verifier.verify(bundle, [{ ...key, validFor: { start: 0, end: 1 } }]),
    ].map(({ kind }) => kind);
    expect(kinds).toEqual(['invalid', 'invalid', 'invalid']);
  });
});

describe('the trusted root', () => {
  it('of the public instance comes without a network', async () => {
    const root = await loadTrustedRoot({ file: null, cacheDir: '/nonexistent' });
    expect(root.certificateAuthorities.length).toBeGreaterThan(0);
    expect(root.tlogs.map(({ baseUrl }) => baseUrl)).toContain('https://rekor.sigstore.dev');
    expect(seededTarget('no-such-target')).toBeNull();
  });

  it('of the user can be one of timestamp authorities alone, and is not read without an end', async () => {
    const cacheDir = await temporaryFolder();
    const file = path.join(cacheDir, 'root.json');
    await writeFile(file, JSON.stringify({ timestampAuthorities: [{ uri: 'https://tsa.example' }] }));
    expect((await loadTrustedRoot({ file, cacheDir })).timestampAuthorities).toHaveLength(1);
    const endless = loadTrustedRoot({ file: '/dev/zero', cacheDir });
    await expect(endless).rejects.toMatchObject({ code: 'usage' });
  });

  it.each(['', '{}', '[]', '{"tlogs":1}'])('of the user that is none is wrong usage: %j', async (text) => {
    const cacheDir = await temporaryFolder();
    const file = path.join(cacheDir, 'root.json');
    await writeFile(file, text);
    await expect(loadTrustedRoot({ file, cacheDir })).rejects.toMatchObject({ code: 'usage' });
  });
});

function withEnvelope(bundle: TestBundle, change: object): unknown {
  return { ...bundle, dsseEnvelope: { ...(bundle['dsseEnvelope'] as object), ...change } };
}

function withMaterial(bundle: TestBundle, change: object): unknown {
  return { ...bundle, verificationMaterial: { ...(bundle['verificationMaterial'] as object), ...change } };
}
