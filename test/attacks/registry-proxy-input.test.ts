import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RegistryArchive } from '../../builders/npm/proxy/archive.ts';
import { toolchain } from '../../builders/npm/toolchain/toolchain.ts';
import {
  clientOf,
  packageTarball,
  publishAll,
  startRegistry,
  tarball,
  temporaryFolder,
} from '../support/registry.ts';

describe('versions that only a lenient reader takes for versions', () => {
  it('are listed among the materials like any other', async () => {
    const registry = await startRegistry();
    publishAll(registry, { 'odd@1.0.0beta': {}, 'odd@1.0.0alpha': {} });
    const client = await clientOf(registry);
    const archive = new RegistryArchive({
      client,
      cutoff: new Date(),
      wanted: [],
      locked: [],
      subject: null,
      pins: null,
      node: null,
      standIns: false,
    });
    await archive.artifact('odd', 'odd-1.0.0beta.tgz');
    await archive.artifact('odd', 'odd-1.0.0alpha.tgz');
    expect(archive.materials.map((one) => one.version)).toHaveLength(2);
  });
});

// Unpacked tools are trusted like the program itself: whoever may write there may as well replace reprove.
describe('a tool whose artifact in the cache is no longer the one that was stored', () => {
  it('is not unpacked under the digest of the artifact', async () => {
    const registry = await startRegistry();
    const manifest = { name: `node-linux-${process.arch}`, version: '20.0.0' };
    const node = tarball({
      'package/package.json': JSON.stringify(manifest),
      'package/bin/node': { type: '0', mode: 0o755, content: 'honest' },
    });
    registry.publish({ manifest, bytes: node });
    const npm = { name: 'npm', version: '10.0.0' };
    registry.publish({ manifest: npm, bytes: packageTarball(npm, { 'bin/npm-cli.js': '1;\n' }) });
    const cacheDirectory = await temporaryFolder();
    const client = await clientOf(registry, { cacheDirectory });
    const tools = async () => {
      const unpacked = await temporaryFolder();
      const made = await toolchain({
        versions: { node: '20.0.0', npm: '10.0.0' },
        client,
        cacheDirectory: unpacked,
      });
      const place = made.mounts.find((mount) => mount.target === '/opt/npm')?.source ?? '';
      return readFileSync(path.join(place, 'bin', 'npm-cli.js'), 'utf8');
    };
    expect(await tools()).toBe('1;\n');
    const evil = packageTarball(npm, { 'bin/npm-cli.js': 'steal();\n' });
    const stored = readdirSync(cacheDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.parentPath.includes('content-v2'))
      .map((entry) => path.join(entry.parentPath, entry.name));
    expect(stored.length).toBeGreaterThanOrEqual(2);
    for (const file of stored) writeFileSync(file, evil);
    expect(await tools()).toBe('1;\n');
  });
});
