import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishedPackage } from '../../../builders/npm/published.ts';
import type { Published } from '../../../src/ecosystem.ts';
import { bundleVerifier } from '../../../src/sigstore/verify-bundle.ts';
import { clientOf, packageTarball, startRegistry, temporaryFolder } from '../../support/registry.ts';
import {
  GITHUB,
  provenanceOf,
  type Signer,
  type TestBundle,
  TestRegistryKey,
  TestSigstore,
  workflowOf,
} from '../../support/sigstore.ts';

const NAME = '@s/vouched';
const ID = `${NAME}@1.0.0`;
const PURL = 'pkg:npm/%40s/vouched@1.0.0';
const REPOSITORY = 'https://github.com/owner/vouched';
const COMMIT = 'c'.repeat(40);
const MANIFEST = { name: NAME, version: '1.0.0', repository: REPOSITORY };
const BYTES = packageTarball(MANIFEST);
const TIME = '2024-03-01T12:00:00.000Z';
const KEY = new TestRegistryKey();
const HONEST = provenanceOf({ purl: PURL, bytes: BYTES, repository: REPOSITORY, commit: COMMIT });
const WORKFLOW = workflowOf(REPOSITORY, COMMIT);

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.start();
});

interface Stated {
  readonly dist?: Readonly<Record<string, unknown>>;
  readonly keys?: unknown;
  /** What the registry answers when it is asked for the attestations that it names; null: nothing. */
  readonly attested?: readonly TestBundle[] | null;
  readonly otherDist?: Readonly<Record<string, unknown>>;
}

/** What comes of a version of which a registry says this. */
async function publishedOf({ dist, keys, attested, otherDist }: Stated): Promise<Published> {
  const registry = await startRegistry();
  const other = { ...MANIFEST, version: '0.9.0' };
  const earlier = { time: '2024-02-01T12:00:00.000Z', ...(otherDist && { dist: otherDist }) };
  registry.publish({ manifest: other, bytes: packageTarball(other), ...earlier });
  const attestations = `/-/npm/v1/attestations/${ID}`;
  const named =
    attested === undefined ? {} : { attestations: { url: `https://elsewhere.invalid${attestations}` } };
  registry.publish({ manifest: MANIFEST, bytes: BYTES, time: TIME, dist: { ...dist, ...named } });
  if (attested != null)
    registry.serve(attestations, JSON.stringify({ attestations: attested.map((bundle) => ({ bundle })) }));
  if (keys !== undefined) registry.serve('/-/npm/v1/keys', JSON.stringify(keys));
  const cwd = await temporaryFolder();
  const file = path.join(cwd, 'root.json');
  await writeFile(file, JSON.stringify(sigstore.trustedRoot()));
  const verifier = bundleVerifier({ file, cacheDir: cwd });
  const outcome = await publishedPackage(ID, { client: await clientOf(registry), verifier, cwd });
  if (!outcome.ok) throw new Error(outcome.value.reason.message);
  return outcome.value;
}

const signalsOf = ({ signals }: Published) => signals.map(({ kind, message }) => `${kind}: ${message}`);
const kindsOf = ({ signals }: Published) => signals.map(({ kind }) => kind);
const absentOf = ({ absent }: Published) => absent.map(({ kind }) => kind);

describe('the signature of the registry', () => {
  const signatures = [KEY.signature(ID, BYTES)];
  const keys = { keys: [KEY.stated()] };

  it('is checked with the key that the registry states', async () => {
    const published = await publishedOf({ dist: { signatures }, keys });
    expect(kindsOf(published)).toEqual([]);
    expect(absentOf(published)).toEqual(['git-head', 'publisher', 'provenance']);
    expect(published.checked).toMatchObject([{ kind: 'registry-signature' }]);
    expect(published.checked[0]?.detail).toContain('only this registry itself says');
  });

  it.each<[string, Stated]>([
    ['over another digest', { dist: { signatures: [KEY.signature(ID, Buffer.from('other'))] }, keys }],
    ['of another version', { dist: { signatures: [KEY.signature(`${NAME}@0.9.0`, BYTES)] }, keys }],
    ['that is none', { dist: { signatures: [{ keyid: KEY.id, sig: '!' }] }, keys }],
    [
      'by a key that the registry does not have',
      { dist: { signatures }, keys: { keys: [new TestRegistryKey('SHA256:other').stated()] } },
    ],
    [
      'by another key under the same name',
      { dist: { signatures }, keys: { keys: [new TestRegistryKey().stated()] } },
    ],
    [
      'by a key that had expired',
      { dist: { signatures }, keys: { keys: [KEY.stated('2024-01-01T00:00:00.000Z')] } },
    ],
    ['beside a right one', { dist: { signatures: [...signatures, KEY.signature('x@1', BYTES)] }, keys }],
    // One of npm's own key ids, known without asking anybody.
    [
      "under the name of npm's key",
      {
        dist: {
          signatures: [
            { ...KEY.signature(ID, BYTES), keyid: 'SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U' },
          ],
        },
        keys: { keys: [{ ...KEY.stated(), keyid: 'SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U' }] },
      },
    ],
  ])('%s is not valid', async (_what, stated) => {
    const published = await publishedOf(stated);
    expect(kindsOf(published)).toEqual(['registry-signature-invalid']);
    expect(published.checked).toEqual([]);
  });

  it.each([undefined, '<html>', {}])(
    'without keys of the registry is said not to be checked: %j',
    async (none) => {
      const published = await publishedOf({ dist: { signatures }, keys: none });
      expect(kindsOf(published)).toEqual([]);
      const [message] = published.absent.flatMap((one) =>
        one.kind === 'registry-signature' ? [one.message] : [],
      );
      expect(message).toContain(`There is a signature by ${KEY.id}, and it was not checked`);
    },
  );

  it('that is absent is missed where other versions have one', async () => {
    const missed = await publishedOf({ otherDist: { signatures } });
    expect(signalsOf(missed)).toEqual([
      'registry-signature-missing: The registry has not signed this version; it signed 1 other versions.',
    ]);
    const none = await publishedOf({});
    expect([kindsOf(none), absentOf(none)]).toEqual([
      [],
      ['git-head', 'publisher', 'registry-signature', 'provenance'],
    ]);
  });
});

describe('provenance', () => {
  it('that a workflow of the repository signed is evidence for the source', async () => {
    const published = await publishedOf({ attested: [await sigstore.signed(HONEST, WORKFLOW)] });
    expect(kindsOf(published)).toEqual([]);
    expect(published.signer).toMatchObject({ repository: REPOSITORY, commit: COMMIT });
    expect(published.checked).toMatchObject([{ kind: 'provenance' }]);
    expect(published.claims.commits).toMatchObject([{ commit: COMMIT, evidence: { kind: 'provenance' } }]);
    expect(published.claims.commits[0]?.evidence.detail).toContain('(signature checked)');
    expect(absentOf(published)).not.toContain('provenance');
  });

  it('of a certificate of before 2023 is as good', async () => {
    const claims = { 1: GITHUB, 3: COMMIT, 5: 'owner/vouched', 6: 'refs/tags/v1.0.0' };
    const published = await publishedOf({
      attested: [await sigstore.signed(HONEST, { ...WORKFLOW, claims })],
    });
    expect(published.signer).toMatchObject({ repository: REPOSITORY, commit: COMMIT });
  });

  const about = (change: object): object =>
    provenanceOf({ purl: PURL, bytes: BYTES, repository: REPOSITORY, commit: COMMIT, ...change });
  it.each<[string, string, object, Signer]>([
    ['about another file', 'provenance-invalid', about({ bytes: Buffer.from('other') }), WORKFLOW],
    ['about another package', 'provenance-invalid', about({ purl: 'pkg:npm/vouched@1.0.0' }), WORKFLOW],
    ['without a subject', 'provenance-invalid', { ...HONEST, subject: [] }, WORKFLOW],
    [
      'that a person signed',
      'provenance-identity-differs',
      HONEST,
      { subject: 'mailto:mallory@mail.example', claims: { 8: 'https://accounts.example' } },
    ],
    [
      'that says another repository than its certificate',
      'provenance-identity-differs',
      HONEST,
      workflowOf('https://github.com/mallory/vouched', COMMIT),
    ],
    [
      'that says another commit than its certificate',
      'provenance-identity-differs',
      HONEST,
      workflowOf(REPOSITORY, 'd'.repeat(40)),
    ],
    [
      'of an issuer that is not the continuous integration of the host',
      'provenance-unchecked',
      HONEST,
      { ...WORKFLOW, claims: { ...WORKFLOW.claims, 8: 'https://gitlab.com' } },
    ],
  ])('%s is told: %s', async (_what, kind, statement, signer) => {
    const published = await publishedOf({ attested: [await sigstore.signed(statement, signer)] });
    expect(kindsOf(published)).toEqual([kind]);
    expect(published.checked).toEqual([]);
  });

  it('that a key signed is no provenance', async () => {
    const bundle = await sigstore.signedWithKey(HONEST, KEY.keys, KEY.id);
    expect(kindsOf(await publishedOf({ attested: [bundle], keys: { keys: [KEY.stated()] } }))).toEqual([
      'provenance-invalid',
    ]);
  });

  it('of another authority is not valid', async () => {
    const other = await TestSigstore.start();
    expect(kindsOf(await publishedOf({ attested: [await other.signed(HONEST, WORKFLOW)] }))).toEqual([
      'provenance-invalid',
    ]);
  });

  it('that is right does not cover for one that is wrong', async () => {
    const wrong = await sigstore.signed(about({ bytes: Buffer.from('other') }), WORKFLOW);
    const attested = [await sigstore.signed(HONEST, WORKFLOW), wrong];
    expect(kindsOf(await publishedOf({ attested }))).toEqual(['provenance-invalid']);
  });

  it('that the registry names and does not give is said not to be checked', async () => {
    const published = await publishedOf({ attested: null });
    expect(signalsOf(published)).toEqual([
      'provenance-unchecked: The provenance of this version was not checked: the registry names attestations and has none.',
    ]);
  });
});

describe("the registry's statement that it took the file", () => {
  const statementOf = (bytes: Uint8Array): object => ({
    ...(provenanceOf({ purl: PURL, bytes, repository: REPOSITORY, commit: COMMIT }) as object),
    predicateType: 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1',
  });
  const keys = { keys: [KEY.stated()] };

  it('is checked with its key', async () => {
    const bundle = await sigstore.signedWithKey(statementOf(BYTES), KEY.keys, KEY.id);
    const published = await publishedOf({ attested: [bundle], keys });
    expect(published.checked).toMatchObject([{ kind: 'publish-attestation' }]);
    expect(absentOf(published)).toContain('provenance');
  });

  it.each<[string, () => Promise<TestBundle>]>([
    ['about another file', () => sigstore.signedWithKey(statementOf(Buffer.from('x')), KEY.keys, KEY.id)],
    ['by another key', () => sigstore.signedWithKey(statementOf(BYTES), new TestRegistryKey().keys, KEY.id)],
    ['by a workflow', () => sigstore.signed(statementOf(BYTES), WORKFLOW)],
  ])('%s is not valid', async (_what, bundle) => {
    const published = await publishedOf({ attested: [await bundle()], keys });
    expect(kindsOf(published)).toEqual(['registry-signature-invalid']);
  });
});
