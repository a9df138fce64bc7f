import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provenanceOf, TestRegistryKey, TestSigstore, workflowOf } from '../support/sigstore.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n' };
const KEY = new TestRegistryKey();
let world: TestWorld;
let sigstore: TestSigstore;
let trustedRoot: string;

beforeAll(async () => {
  world = await TestWorld.open();
  sigstore = await TestSigstore.start();
  trustedRoot = path.join(world.folder.path, 'trusted_root.json');
  writeFileSync(trustedRoot, JSON.stringify(sigstore.trustedRoot()));
  world.registry.serve('/-/npm/v1/keys', JSON.stringify({ keys: [KEY.stated()] }));
});
afterAll(() => world.close());

/** A package from a repository on GitHub, published with provenance that a workflow of `signing` signed. */
async function attested(name: string, signing = `https://github.com/owner/${name}`): Promise<string> {
  const repository = `https://github.com/owner/${name}`;
  const git = world.source(name, FILES, { repository });
  const commit = git.git('rev-parse', 'HEAD');
  const bytes = world.publish(name, FILES, { repository });
  const facts = { purl: `pkg:npm/${name}@1.0.0`, bytes, repository: signing, commit };
  const bundle = await sigstore.signed(provenanceOf(facts), workflowOf(signing, commit));
  const url = `/-/npm/v1/attestations/${name}@1.0.0`;
  world.registry.serve(url, JSON.stringify({ attestations: [{ bundle }] }));
  world.registry.publish({
    manifest: manifestOf(name, { repository }),
    bytes,
    time: '2024-03-01T12:02:00.000Z',
    gitHead: commit,
    dist: {
      signatures: [KEY.signature(`${name}@1.0.0`, bytes)],
      attestations: { url: `https://registry.invalid${url}` },
    },
  });
  return name;
}

describe('a version with the signatures of its registry and of a workflow', () => {
  it('has them checked, and says what nobody states', async () => {
    const document = await world.verify(await attested('signed'), { engine, trustedRoot });
    expect(document).toMatchObject({ verdict: 'reproduced', signals: [] });
    expect(document.checked.map(({ kind }) => kind)).toEqual(['registry-signature', 'provenance']);
    expect(document.absent.map(({ kind }) => kind)).toEqual(['publisher', 'earlier-versions']);
    expect(document.source?.evidence[0]?.detail).toContain('(signature checked)');
  });

  it('that is a workflow of another repository is told, whatever the rebuild gives', async () => {
    const name = await attested('token-thief', 'https://github.com/mallory/token-thief');
    const document = await world.verify(name, { engine, trustedRoot });
    expect(document.verdict).toBe('reproduced');
    expect(document.signals).toMatchObject([{ kind: 'provenance-identity-differs', severity: 'high' }]);
  });

  it('is not believed under the authorities of everybody else', async () => {
    const document = await world.verify(await attested('mock-signed'), { engine });
    const kinds = document.signals.map(({ kind }) => kind);
    expect(['provenance-invalid', 'provenance-unchecked']).toContain(kinds[0]);
    expect(document.checked.map(({ kind }) => kind)).toEqual(['registry-signature']);
  });
});

describe('a release by a thief', () => {
  it('is told from those before it by everything that is new in it and missing', async () => {
    const name = 'hijacked';
    const git = world.repository(name);
    const release = (version: string, files: Readonly<Record<string, string>>, more: object = {}) => {
      const manifest = manifestOf(name, { version, ...more });
      git.commit({ ...files, 'package.json': manifest });
      const bytes = world.publish(name, files, { version, ...more });
      return { manifest, bytes };
    };
    const signature = '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n';
    for (const version of ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4']) {
      const { manifest, bytes } = release(version, FILES);
      git.git('tag', '-a', '--cleanup=verbatim', '-m', `v${version}\n${signature}`, `v${version}`);
      const dist = { signatures: [KEY.signature(`${name}@${version}`, bytes)], unpackedSize: 1000 };
      world.registry.publish({ manifest: { ...manifest, maintainers: [{ name: 'owner' }] }, bytes, dist });
    }
    const payload = `module.exports = 1;\n${'// payload\n'.repeat(60_000)}`;
    const dependencies = { helper: 'git+https://git.example/mallory/helper.git' };
    const { manifest, bytes } = release('1.0.5', { 'index.js': payload }, { dependencies });
    git.tag('v1.0.5');
    world.registry.publish({
      manifest: { ...manifest, maintainers: [{ name: 'owner' }, { name: 'mallory' }] },
      bytes,
      dist: {
        signatures: [KEY.signature(`${name}@1.0.4`, bytes)],
        unpackedSize: bytes.length + payload.length,
      },
    });
    const document = await world.verify(`${name}@1.0.5`, { engine });
    const kinds = document.signals.map(({ kind, severity }) => `${kind} ${severity}`);
    expect(kinds).toEqual(
      expect.arrayContaining([
        'registry-signature-invalid high',
        'dependency-from-git medium',
        'dependency-new-unused medium',
        'large-new-file medium',
        'maintainers-changed info',
        'tag-signature-lost medium',
      ]),
    );
  });
});

describe('a repository', () => {
  it('whose tag was moved since the last run is told', async () => {
    const git = world.source('moved-tag', FILES);
    world.publish('moved-tag', FILES);
    expect((await world.verify('moved-tag', { engine })).signals).toEqual([]);
    git.commit({ 'payload.js': 'steal();\n' });
    git.git('tag', '-f', 'v1.0.0');
    const document = await world.verify('moved-tag', { engine });
    expect(document.signals.map(({ kind }) => kind)).toContain('tag-moved');
  });

  it('that does not know the name of the package is told, with a tag for the version and without', async () => {
    world.source('popular', FILES);
    const claim = { repository: 'https://git.example/owner/popular' };
    world.publish('starjacker', FILES, claim);
    world.publish('starjacker-late', FILES, { ...claim, version: '7.0.0' });
    for (const [name, code] of [
      ['starjacker', 'source-mismatch'],
      ['starjacker-late', 'source-not-found'],
    ] as const) {
      const document = await world.verify(name, { engine });
      expect(document.reason?.code).toBe(code);
      expect(document.signals.map(({ kind }) => kind)).toEqual(['repository-does-not-know-name']);
    }
  });

  it('that was tagged long after the publish is told', async () => {
    const git = world.source('late-tag', FILES);
    git.git('tag', '-d', 'v1.0.0');
    git.git('-c', 'user.name=x', '-c', 'user.email=x@y.example', 'tag', '-a', '-m', 'late', 'v1.0.0');
    const bytes = world.publish('late-tag', FILES);
    world.registry.publish({ manifest: manifestOf('late-tag'), bytes, time: '2024-03-01T10:00:00.000Z' });
    const document = await world.verify('late-tag', { engine });
    expect(document.signals.map(({ kind }) => kind)).toContain('tag-younger-than-publish');
  });
});
