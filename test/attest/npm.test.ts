/** Our bundles on npm's own path: what `npm audit signatures` and `npm publish --provenance-file` do with them. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
// Its front door would take over every HTTP request of this process.
import { initializeTUFRepo } from '@tufjs/repo-mock/dist/repo.js';
import pacote from 'pacote';
import { verify } from 'sigstore';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Statement, statementBytes } from '../../src/attest/statement.ts';
import { summaryStatement } from '../../src/attest/summary.ts';
import { PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { signKeyless } from '../../src/sigstore/sign-keyless.ts';
import {
  DOCUMENTS,
  newKeys,
  OCCASION,
  provenanceOf,
  signedBy,
  verificationOf,
} from '../support/attestations.ts';
import { packageTarball } from '../support/registry.ts';
import { temporaryFolder } from '../support/repository.ts';
import { identityToken, TestSigstore } from '../support/sigstore.ts';

const NAME = '@scope/signed';
const IDENTITY = 'https://git.example/owner/repository/.github/workflows/rebuild.yml@refs/heads/main';
const bytes = packageTarball({ name: NAME, version: '1.0.0' });
const folder = temporaryFolder();
let registry: LoopbackRegistry;
let sigstore: TestSigstore;

beforeAll(async () => {
  registry = await LoopbackRegistry.start();
  sigstore = await TestSigstore.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await registry.close();
  folder.dispose();
});

/** A cache as npm's client of Sigstore's TUF repository keeps it, with a root of our own. */
function tufCache(name: string, trustedRoot: object): string {
  const content = JSON.stringify(trustedRoot);
  const repo = initializeTUFRepo([{ name: 'trusted_root.json', content }]);
  const cache = path.join(folder.path, name);
  const place = path.join(cache, 'tuf-repo-cdn.sigstore.dev');
  mkdirSync(path.join(place, 'targets'), { recursive: true });
  const metadata = {
    root: repo.rootMeta,
    timestamp: repo.timestampMeta,
    snapshot: repo.snapshotMeta,
    targets: repo.targetsMeta,
  };
  for (const [role, one] of Object.entries(metadata))
    writeFileSync(path.join(place, `${role}.json`), JSON.stringify(one.toJSON()));
  writeFileSync(path.join(place, 'targets/trusted_root.json'), content);
  return cache;
}

/** A result about a file of this package. */
function resultAbout(file: Uint8Array): ResultDocument {
  const digests = { sha512: hash('sha512', file), sha256: hash('sha256', file), sha1: hash('sha1', file) };
  const named = { name: NAME, version: '1.0.0', purl: 'pkg:npm/%40scope/signed@1.0.0' };
  const subject = { ...DOCUMENTS.reproduced.subject, ...named, digests };
  const policy = { sha256: 'd'.repeat(64), passed: true, rules: [] };
  return { ...DOCUMENTS.reproduced, subject, rebuilt: { digests, materials: 3 }, policy };
}

function statementsAbout(file: Uint8Array): readonly Statement[] {
  const document = resultAbout(file);
  const summary = summaryStatement(document, OCCASION);
  if (summary === null) throw new Error('There is a policy.');
  return [verificationOf(document), provenanceOf(document), summary];
}

async function keyless(statements: readonly Statement[]): Promise<readonly object[]> {
  vi.stubEnv('SIGSTORE_ID_TOKEN', identityToken(IDENTITY));
  const services = await sigstore.serve();
  try {
    const signables = statements.map((one) => ({ payload: statementBytes(one), payloadType: PAYLOAD_TYPE }));
    const signed = await signKeyless(signables, {
      fulcioUrl: services.url,
      rekorUrl: services.url,
      tsaUrl: null,
    });
    return signed.bundles;
  } finally {
    await services.close();
  }
}

/** Publishes the package with attestations as npm's registry has them, and asks npm's reader for it. */
async function asked(options: {
  readonly bundles: readonly object[];
  readonly tufCache: string;
}): Promise<unknown> {
  const at = `/-/npm/v1/attestations/${NAME}@1.0.0`;
  const url = `${registry.url.slice(0, -1)}${at}`;
  const provenance = { predicateType: 'https://slsa.dev/provenance/v1' };
  registry.publish({
    manifest: { name: NAME, version: '1.0.0' },
    bytes,
    dist: { attestations: { url, provenance } },
  });
  const attestations = options.bundles.map((bundle) => ({ ...provenance, bundle }));
  registry.serve(at, JSON.stringify({ attestations }));
  const read = await pacote.manifest(`${NAME}@1.0.0`, {
    registry: registry.url,
    cache: path.join(folder.path, `cache-${Math.random()}`),
    tufCache: options.tufCache,
    verifyAttestations: true,
  });
  return read._attestationBundles;
}

describe('what we sign without a key', () => {
  it('is accepted by npm, each of our statements', async () => {
    const bundles = await keyless(statementsAbout(bytes));
    const cache = tufCache('known', sigstore.trustedRoot());
    expect(await asked({ bundles, tufCache: cache })).toHaveLength(3);
  });

  it('is accepted by the library that npm checks with, for its exact signer alone', async () => {
    const [bundle] = await keyless([provenanceOf(resultAbout(bytes))]);
    const options = { tufCachePath: tufCache('library', sigstore.trustedRoot()), tufForceCache: true };
    const signed = bundle as Parameters<typeof verify>[0];
    await expect(verify(signed, { ...options, certificateIdentityURI: IDENTITY })).resolves.toBeDefined();
    const other = verify(signed, { ...options, certificateIdentityURI: 'https://git.example/other' });
    await expect(other).rejects.toThrow('certificate identity error');
  });

  it('is refused by npm for another file, changed, or under another root', async () => {
    const cache = tufCache('refusing', sigstore.trustedRoot());
    const about = async (file: Uint8Array) => keyless([provenanceOf(resultAbout(file))]);
    const other = asked({ bundles: await about(Buffer.from('other')), tufCache: cache });
    await expect(other).rejects.toMatchObject({ code: 'EATTESTATIONSUBJECT' });
    const right = await about(bytes);
    const changed = JSON.parse(JSON.stringify(right).replace(/"sig":"..../, '"sig":"AAAA')) as object[];
    const tampered = asked({ bundles: changed, tufCache: cache });
    await expect(tampered).rejects.toMatchObject({ code: 'EATTESTATIONVERIFY' });
    const elsewhere = tufCache('elsewhere', (await TestSigstore.start()).trustedRoot());
    const unknown = asked({ bundles: right, tufCache: elsewhere });
    await expect(unknown).rejects.toMatchObject({ code: 'EATTESTATIONVERIFY' });
  });
});

it("what is signed with a key of one's own is refused by npm, which takes those of its registry alone", async () => {
  const own = JSON.parse(signedBy(newKeys(), verificationOf(resultAbout(bytes))).toString()) as object;
  const cache = tufCache('own', sigstore.trustedRoot());
  await expect(asked({ bundles: [own], tufCache: cache })).rejects.toMatchObject({
    code: 'EMISSINGSIGNATUREKEY',
  });
});
