import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { registryClient } from '../../../../builders/npm/registry/client.ts';
import {
  npmDefaultRegistry,
  npmOptions,
  publicRegistryOf,
  registryOf,
  type NpmOptions,
} from '../../../../builders/npm/registry/config.ts';
import { versionOf } from '../../../../builders/npm/registry/document.ts';
import { contentCache } from '../../../../src/content-cache.ts';
import { publishAll, startRegistry, temporaryFolder } from '../../../support/registry.ts';

interface Files {
  readonly project?: string;
  readonly user?: string;
  readonly global?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly registry?: string;
}

async function configured(files: Files): Promise<NpmOptions> {
  const root = await temporaryFolder();
  const [cwd, home, prefix] = [join(root, 'project'), join(root, 'home'), join(root, 'prefix')];
  await mkdir(join(prefix, 'etc'), { recursive: true });
  await mkdir(cwd);
  await mkdir(home);
  await writeFile(join(cwd, 'package.json'), '{}');
  await writeFile(join(cwd, '.npmrc'), files.project ?? '');
  await writeFile(join(home, '.npmrc'), files.user ?? '');
  await writeFile(join(prefix, 'etc', 'npmrc'), files.global ?? '');
  const env = { HOME: home, PREFIX: prefix, ...files.env };
  return npmOptions({ cwd, env, registry: files.registry });
}

it('is the public registry when nothing is configured', async () => {
  expect((await configured({})).registry).toBe(await npmDefaultRegistry());
});

it('prefers environment, then project, then user, then global configuration, as npm does', async () => {
  const files = {
    global: 'registry=https://global.test/',
    user: 'registry=https://user.test/',
    project: 'registry=https://project.test/',
    env: { npm_config_registry: 'https://env.test/' },
  };
  expect((await configured(files)).registry).toBe('https://env.test/');
  expect((await configured({ ...files, env: {} })).registry).toBe('https://project.test/');
  expect((await configured({ global: files.global, user: files.user })).registry).toBe('https://user.test/');
  expect((await configured({ global: files.global })).registry).toBe('https://global.test/');
});

it('asks the registry of a scope, unless one is named for everything', async () => {
  const project = '@s:registry=https://scope.test/npm\nregistry=https://all.test';
  const options = await configured({ project });
  expect(registryOf(options, '@s/n')).toBe('https://scope.test/npm/');
  expect(registryOf(options, '@other/n')).toBe('https://all.test/');
  const overridden = await configured({ project, registry: 'http://127.0.0.1:1' });
  expect(registryOf(overridden, '@s/n')).toBe('http://127.0.0.1:1/');
  expect(registryOf(overridden, 'n')).toBe('http://127.0.0.1:1/');
});

it('is named to others without user name and password', async () => {
  const options = await configured({ project: '@s:registry=https://me:secret@scope.test/npm/' });
  expect(publicRegistryOf(options, '@s/n')).toBe('https://scope.test/npm/');
});

it('passes on proxies and certificates, but neither the cache of npm nor `before` and `offline`', async () => {
  const options = await configured({
    user: 'https-proxy=http://proxy.test:8080/\nstrict-ssl=false\nca=X\ncache=/tmp/x\nbefore=2020-01-01\noffline=true',
  });
  expect(options.fetch).toMatchObject({ httpsProxy: 'http://proxy.test:8080/', strictSSL: false, ca: ['X'] });
  expect(options.fetch).not.toHaveProperty('cache');
  expect(options.fetch).not.toHaveProperty('before');
  expect(options.fetch).not.toHaveProperty('offline');
});

it('prints nothing and changes nothing of our environment, whatever npm would warn about', async () => {
  const before = { ...process.env };
  const noise = [
    vi.spyOn(process.stderr, 'write'),
    vi.spyOn(process.stdout, 'write'),
    vi.spyOn(console, 'warn'),
  ];
  await configured({ user: 'surprising=1\nstrict-ssl=maybe\n_auth=eHg=\n' });
  for (const spy of noise) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
  expect(process.env).toEqual(before);
});

it.each(['file:///etc/passwd', 'not a url', 'ftp://x.test/'])('refuses the registry %j', async (registry) => {
  await expect(configured({ registry })).rejects.toMatchObject({ code: 'usage' });
});

it('sends credentials to their registry and to no other host', async () => {
  const [mine, foreign] = [await startRegistry(), await startRegistry()];
  publishAll(mine, { 'plain@1.0.0': {}, 'moved@1.0.0': {} });
  const host = new URL(mine.url).host;
  mine.fault('/moved/-/moved-1.0.0.tgz', {
    kind: 'redirect',
    location: `http://localhost:${new URL(foreign.url).port}/x`,
  });
  mine.alter('plain', (document) => {
    const versions = document['versions'] as Record<string, { dist: { tarball: string } }>;
    const one = versions['1.0.0'];
    if (one) one.dist.tarball = `${foreign.url}plain.tgz`;
    return document;
  });
  const options = await configured({ user: `registry=${mine.url}\n//${host}/:_authToken=secret` });
  const client = registryClient({ options, cache: contentCache(await temporaryFolder()) });
  for (const name of ['plain', 'moved']) {
    const document = await client.packument(name);
    const version = document && versionOf(document, '1.0.0');
    expect(version && (await client.artifact(version)).kind).toBe('missing');
  }
  expect(mine.requests.map(({ authorization }) => authorization)).toEqual(Array(3).fill('Bearer secret'));
  expect(foreign.requests.map(({ path, authorization }) => [path, authorization])).toEqual([
    ['/plain.tgz', null],
    ['/x', null],
  ]);
});

it('takes artifacts of the public registry from the configured one, as npm does', async () => {
  const publicRegistry = await npmDefaultRegistry();
  const registry = await startRegistry();
  publishAll(registry, { 'plain@1.0.0': {} });
  registry.alter('plain', (document) => {
    const versions = document['versions'] as Record<string, { dist: { tarball: string } }>;
    const one = versions['1.0.0'];
    if (one) one.dist.tarball = `${publicRegistry}plain/-/plain-1.0.0.tgz`;
    return document;
  });
  const options = await configured({ registry: registry.url });
  const client = registryClient({ options, cache: contentCache(await temporaryFolder()) });
  const document = await client.packument('plain');
  const version = document && versionOf(document, '1.0.0');
  expect(version && (await client.artifact(version)).kind).toBe('ok');
});
