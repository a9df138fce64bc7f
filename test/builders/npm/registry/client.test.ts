import { hash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { versionOf, type VersionDocument } from '../../../../builders/npm/registry/document.ts';
import type { RegistryClient } from '../../../../builders/npm/registry/client.ts';
import type { ErrorCode } from '../../../../src/errors.ts';
import { LoopbackRegistry } from '../../../../src/demo/loopback-registry.ts';
import {
  clientOf,
  packageTarball,
  publishAll,
  startRegistry,
  temporaryFolder,
} from '../../../support/registry.ts';

const MANIFEST = { name: 'plain', version: '1.0.0', scripts: { test: 'true' } };
const BYTES = packageTarball(MANIFEST, { 'index.js': 'module.exports = 1;\n' });

async function withPlain(dist?: Record<string, unknown>): Promise<LoopbackRegistry> {
  const registry = await startRegistry();
  registry.publish({
    manifest: MANIFEST,
    bytes: BYTES,
    time: '2024-05-01T00:00:00.000Z',
    ...(dist && { dist }),
  });
  return registry;
}

async function versionDocument(
  client: RegistryClient,
  name = 'plain',
  version = '1.0.0',
): Promise<VersionDocument> {
  const document = await client.packument(name);
  const found = document === null ? null : versionOf(document, version);
  if (found === null) throw new Error(`${name}@${version} is not there`);
  return found;
}

const fails = (code: ErrorCode, text: RegExp = /./): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(text) as unknown });

describe('packument', () => {
  it('reads what the registry says and keeps the version as it was', async () => {
    const registry = await startRegistry();
    registry.publish({
      manifest: {
        ...MANIFEST,
        repository: { type: 'git', url: 'git+https://example.test/a.git', directory: 'x' },
      },
      bytes: BYTES,
      time: '2024-05-01T00:00:00.000Z',
      gitHead: 'a'.repeat(40),
      nodeVersion: '20.1.0',
      npmVersion: '9.6.4',
    });
    const client = await clientOf(registry);
    const version = await versionDocument(client);
    expect(version).toMatchObject({
      publishedAt: '2024-05-01T00:00:00.000Z',
      gitHead: 'a'.repeat(40),
      nodeVersion: '20.1.0',
      npmVersion: '9.6.4',
      repository: { url: 'git+https://example.test/a.git', directory: 'x' },
      scripts: { test: 'true' },
    });
    expect(version.raw['_npmVersion']).toBe('9.6.4');
  });

  it('says null for a thin document rather than inventing anything', async () => {
    const registry = await withPlain();
    registry.alter('plain', ({ time, ...rest }) => (expect(time).toBeDefined(), rest));
    const version = await versionDocument(await clientOf(registry));
    expect(version).toMatchObject({
      publishedAt: null,
      gitHead: null,
      nodeVersion: null,
      npmVersion: null,
      repository: null,
    });
    expect(version.dist).toMatchObject({ signatures: [], attestationsUrl: null });
  });

  it('serves scoped names', async () => {
    const registry = await startRegistry();
    publishAll(registry, { '@s/n@1.0.0': {} });
    expect((await versionDocument(await clientOf(registry), '@s/n')).name).toBe('@s/n');
    expect(registry.requests.map(({ path }) => path)).toEqual(['/@s/n']);
  });

  it('is null for a package that the registry does not have', async () => {
    const client = await clientOf(await startRegistry());
    expect(await client.packument('nothing-here')).toBeNull();
    expect(await client.packument('x'.repeat(100_000))).toBeNull();
  });

  it('is not misled by names and versions that beg for prototype pollution', async () => {
    const registry = await withPlain();
    registry.fault('/constructor', {
      kind: 'answer',
      body: '{"name":"constructor","dist-tags":{"__proto__":"1.0.0"},"versions":{"__proto__":{"polluted":true},"constructor":{}},"time":{"__proto__":"2024-01-01"}}',
    });
    const client = await clientOf(registry);
    const document = await client.packument('constructor');
    expect(document?.versions.get('1.0.0')).toBeUndefined();
    expect(document && versionOf(document, 'toString')).toBeNull();
    expect(() => document && versionOf(document, 'constructor')).toThrow(/cannot be used/);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['HTML', '<!doctype html><title>Log in</title>', /not JSON/],
    ['JSON cut short', '{"name":"plain","versions":{"1.0.0"', /not JSON/],
    ['nothing', '', /not JSON/],
    ['bytes that are not UTF-8', '\uD800', /not JSON|cannot be used/],
    ['another type', '[]', /cannot be used/],
    ['null', 'null', /cannot be used/],
    ['versions of a wrong type', '{"name":"plain","versions":[1,2]}', /cannot be used/],
    ['a version that is no object', '{"name":"plain","versions":{"1.0.0":"x"}}', /cannot be used/],
    ['no versions', '{"name":"plain"}', /no versions/],
    ['another package', '{"name":"other","versions":{}}', /is about "other"/],
  ])('refuses %s', async (_what, body, text) => {
    const registry = await withPlain();
    registry.fault('/plain', { kind: 'answer', body, type: 'text/html' });
    await expect((await clientOf(registry)).packument('plain')).rejects.toEqual(
      fails('registry-invalid', text),
    );
  });

  it('refuses a version document that is about another version', async () => {
    const registry = await withPlain();
    registry.alter('plain', (document) => ({
      ...document,
      versions: { '2.0.0': (document['versions'] as Record<string, unknown>)['1.0.0'] },
    }));
    await expect(versionDocument(await clientOf(registry), 'plain', '2.0.0')).rejects.toEqual(
      fails('registry-invalid', /is about "plain@1.0.0"/),
    );
  });

  it('ends an endless document at its limit', async () => {
    const registry = await withPlain();
    registry.fault('/plain', { kind: 'endless' });
    const client = await clientOf(registry, { limits: { documentBytes: 3 * 1024 * 1024 } });
    await expect(client.packument('plain')).rejects.toEqual(
      fails('registry-invalid', /more than 3145728 bytes/),
    );
  });

  it('ends an endless error', async () => {
    const registry = await withPlain();
    registry.fault('/plain', { kind: 'endless', status: 500 });
    const before = process.memoryUsage().rss;
    await expect((await clientOf(registry)).packument('plain')).rejects.toEqual(
      fails('registry-unreachable'),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('says unreachable for a refused connection', async () => {
    const registry = await LoopbackRegistry.start();
    const { url } = registry;
    await registry.close();
    await expect((await clientOf({ url })).packument('plain')).rejects.toEqual(
      fails('registry-unreachable', /ECONNREFUSED/),
    );
  });

  it('says unreachable for a registry that stays silent', async () => {
    const registry = await withPlain();
    registry.fault('/plain', { kind: 'hang' });
    const client = await clientOf(registry, { patience: { timeoutMs: 50, retries: 0, pauseMs: 1 } });
    await expect(client.packument('plain')).rejects.toEqual(fails('registry-unreachable', /silent|timeout/i));
  });

  it('tries again after a passing failure, and only then', async () => {
    const registry = await withPlain();
    registry.fault('/plain', { kind: 'answer', status: 503, body: 'busy', times: 1 });
    const client = await clientOf(registry);
    expect(await client.packument('plain')).not.toBeNull();
    expect(registry.requests).toHaveLength(2);
    registry.fault('/plain', { kind: 'answer', status: 403, body: 'no' });
    await expect(client.packument('plain')).rejects.toEqual(fails('registry-refuses', /npm login/));
    expect(registry.requests).toHaveLength(3);
    registry.fault('/plain', { kind: 'answer', status: 503, body: 'down' });
    await expect(client.packument('plain')).rejects.toEqual(fails('registry-unreachable', /status 503/));
    expect(registry.requests).toHaveLength(5);
  });

  it('uses the cache only for those who say what is fresh enough, and never that of another registry', async () => {
    const registry = await withPlain();
    const cacheDirectory = await temporaryFolder();
    const client = await clientOf(registry, { cacheDirectory });
    const start = new Date();
    await client.packument('plain');
    await client.packument('plain', { notBefore: start });
    expect(registry.requests).toHaveLength(1);
    await client.packument('plain', { notBefore: new Date(Date.now() + 60_000) });
    await client.packument('plain');
    expect(registry.requests).toHaveLength(3);
    const other = await clientOf(await startRegistry(), { cacheDirectory });
    expect(await other.packument('plain', { notBefore: start })).toBeNull();
  });
});

describe('artifact', () => {
  it('gives the bytes and names the digests that they were checked against', async () => {
    const client = await clientOf(await withPlain());
    const integrity = `sha512-${hash('sha512', BYTES, 'base64')}`;
    expect(await client.artifact(await versionDocument(client))).toEqual({
      kind: 'ok',
      bytes: Buffer.from(BYTES),
      integrity,
      checked: [integrity, `sha1-${hash('sha1', BYTES, 'base64')}`],
    });
  });

  it('is cached, and checked again on every read', async () => {
    const registry = await withPlain();
    const cacheDirectory = await temporaryFolder();
    const client = await clientOf(registry, { cacheDirectory });
    const version = await versionDocument(client);
    await client.artifact(version);
    expect(await client.artifact(version)).toMatchObject({ kind: 'ok' });
    expect(registry.requests).toHaveLength(2);
    await damageFiles(join(cacheDirectory, 'content', 'content-v2'), BYTES.byteLength);
    expect(await client.artifact(version)).toMatchObject({ kind: 'ok', bytes: Buffer.from(BYTES) });
    expect(registry.requests).toHaveLength(3);
  });

  it.each([
    ['sha512 is right, shasum is wrong', { shasum: 'b'.repeat(40) }],
    ['shasum is right, sha512 is wrong', { integrity: `sha512-${hash('sha512', 'other', 'base64')}` }],
    [
      'one of two sha512 is wrong',
      { integrity: `sha512-${hash('sha512', BYTES, 'base64')} sha512-${hash('sha512', 'other', 'base64')}` },
    ],
    [
      'only a weak digest is wrong',
      { integrity: `sha256-${hash('sha256', 'other', 'base64')}`, shasum: undefined },
    ],
  ])('is a mismatch when %s', async (_what, dist) => {
    const client = await clientOf(await withPlain(dist));
    const version = await versionDocument(client);
    expect(await client.artifact(version)).toMatchObject({ kind: 'integrity-mismatch' });
    expect(await client.artifact(version)).toMatchObject({ kind: 'integrity-mismatch' });
  });

  it('is a mismatch when a digest is wrong although the bytes are in the cache by another', async () => {
    const registry = await withPlain();
    const client = await clientOf(registry);
    const version = await versionDocument(client);
    expect(await client.artifact(version)).toMatchObject({ kind: 'ok' });
    const shasum = 'b'.repeat(40);
    const changed = { ...version, dist: { ...version.dist, shasum } };
    expect(await client.artifact(changed)).toMatchObject({ kind: 'integrity-mismatch' });
  });

  it('is a mismatch when the registry swaps the file', async () => {
    const registry = await withPlain();
    registry.fault('/plain/-/plain-1.0.0.tgz', { kind: 'answer', body: 'something else' });
    const client = await clientOf(registry);
    expect(await client.artifact(await versionDocument(client))).toMatchObject({
      kind: 'integrity-mismatch',
      expected: `sha512-${hash('sha512', BYTES, 'base64')}`,
    });
  });

  it('never says "ok" when there is no digest to check', async () => {
    const client = await clientOf(await withPlain({ integrity: undefined, shasum: undefined }));
    expect(await client.artifact(await versionDocument(client))).toMatchObject({
      kind: 'unchecked',
      checked: [],
    });
  });

  it.each(['md5-AAAA', 'sha512-AAAA', 'not a digest', ''])(
    'refuses the unreadable digest %j',
    async (integrity) => {
      const client = await clientOf(await withPlain({ integrity }));
      await expect(client.artifact(await versionDocument(client))).rejects.toEqual(fails('registry-invalid'));
    },
  );

  it.each([404, 410])('is missing for status %i', async (status) => {
    const registry = await withPlain();
    registry.fault('/plain/-/plain-1.0.0.tgz', { kind: 'answer', status, body: 'gone' });
    const client = await clientOf(registry);
    expect(await client.artifact(await versionDocument(client))).toMatchObject({ kind: 'missing' });
  });

  it('takes a connection that breaks for a failure, not for a difference', async () => {
    const registry = await withPlain();
    registry.fault('/plain/-/plain-1.0.0.tgz', { kind: 'truncated' });
    const client = await clientOf(registry);
    const version = await versionDocument(client);
    await expect(client.artifact(version)).rejects.toEqual(fails('registry-unreachable'));
    registry.fault('/plain/-/plain-1.0.0.tgz', { kind: 'truncated', times: 1 });
    expect(await client.artifact(version)).toMatchObject({ kind: 'ok' });
  });

  it('ends an endless artifact at its limit', async () => {
    const registry = await withPlain();
    registry.fault('/plain/-/plain-1.0.0.tgz', { kind: 'endless' });
    const client = await clientOf(registry, { limits: { artifactBytes: 1024 * 1024 } });
    await expect(client.artifact(await versionDocument(client))).rejects.toEqual(fails('registry-invalid'));
  });
});

describe('attestations', () => {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: {
          workflow: {
            repository: 'https://example.test/o/r',
            ref: 'refs/tags/v1',
            path: '.github/workflows/r.yml',
          },
        },
        resolvedDependencies: [
          { uri: 'git+https://example.test/o/r', digest: { gitCommit: 'c'.repeat(40) } },
        ],
      },
    },
  };
  const answer = {
    attestations: [
      {
        predicateType: statement.predicateType,
        bundle: {
          dsseEnvelope: {
            payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
            payloadType: 'application/vnd.in-toto+json',
          },
        },
      },
    ],
  };
  const path = '/-/npm/v1/attestations/plain@1.0.0';

  it('is null when the document names none', async () => {
    const client = await clientOf(await withPlain());
    expect(await client.attestations(await versionDocument(client))).toBeNull();
  });

  it('reads hints, marked as unverified, always from the configured registry', async () => {
    const registry = await withPlain({ attestations: { url: `https://elsewhere.invalid${path}` } });
    registry.serve(path, JSON.stringify(answer));
    const client = await clientOf(registry);
    expect((await client.attestations(await versionDocument(client)))?.provenance).toEqual({
      verified: false,
      predicateType: 'https://slsa.dev/provenance/v1',
      repository: 'https://example.test/o/r',
      commit: 'c'.repeat(40),
      ref: 'refs/tags/v1',
      workflow: '.github/workflows/r.yml',
    });
  });

  it('refuses garbage in their place', async () => {
    const registry = await withPlain({ attestations: { url: `https://elsewhere.invalid${path}` } });
    registry.serve(path, '<html>');
    const client = await clientOf(registry);
    await expect(client.attestations(await versionDocument(client))).rejects.toEqual(
      fails('registry-invalid'),
    );
  });
});

async function damageFiles(folder: string, size: number): Promise<void> {
  let damaged = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const info = await stat(path);
    if (!info.isFile() || info.size !== size) continue;
    const bytes = await readFile(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(path, bytes);
    damaged += 1;
  }
  expect(damaged).toBe(1);
}
