import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEAF_BUILD, publishLeaf } from '../support/leaf.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

let world: TestWorld;
let integrity: string;
beforeAll(async () => {
  world = await TestWorld.open();
  integrity = publishLeaf(world);
  world.publish('watcher', { 'index.js': 'module.exports = 7;\n' }, { os: ['darwin'] });
});
afterAll(() => world.close());

/** A package that is built by a lockfile with these versions, which are gone but for 1.0.0 of `leaf`, and of which this was published. */
function verifyLocked(name: string, locked: { leaf: string; watcher: string }, published = '42') {
  const manifest = {
    files: ['dist'],
    scripts: { build: 'node build.js' },
    devDependencies: { leaf: `^${locked.leaf}`, watcher: `^${locked.watcher}` },
  };
  const gone = `sha512-${createHash('sha512').update('gone').digest('base64')}`;
  const entry = (dependency: 'leaf' | 'watcher') => ({
    version: locked[dependency],
    resolved: `https://registry.npmjs.org/${dependency}/-/${dependency}-${locked[dependency]}.tgz`,
    integrity: locked[dependency] === '1.0.0' ? integrity : gone,
    dev: true,
    optional: dependency === 'watcher',
  });
  const lock = {
    name,
    version: '1.0.0',
    lockfileVersion: 1,
    requires: true,
    dependencies: { leaf: entry('leaf'), watcher: entry('watcher') },
  };
  world.source(name, { 'build.js': LEAF_BUILD, 'package-lock.json': lock }, manifest);
  world.publish(name, { 'dist/out.js': `module.exports = ${published};\n` }, manifest);
  return world.verify(name, { engine: ENGINE });
}

describe('a lockfile that names a version which is gone', () => {
  it('is followed with its neighbour, and a difference then says nothing', async () => {
    const { verdict, attempts } = await verifyLocked(
      'with-neighbour',
      { leaf: '1.0.1', watcher: '1.0.5' },
      '43',
    );
    expect(verdict).toBe('unverifiable');
    expect(attempts.flatMap(({ repairs }) => repairs)).toContainEqual(
      expect.stringContaining('its neighbour stands in'),
    );
  });

  it('proves as much as ever where that is of another operating system, and never installed', async () => {
    const idle = { leaf: '1.0.0', watcher: '1.0.5' };
    const equal = await verifyLocked('with-idle', idle);
    expect([equal.verdict, equal.level]).toEqual(['reproduced', 'contents']);
    expect(equal.signals.map(({ kind }) => kind)).not.toContain('lockfile-stand-ins');
    const other = await verifyLocked('with-idle-changed', idle, '43');
    expect([other.verdict, other.severity]).toEqual(['diverged', 'high']);
    expect(other.attempts.flatMap(({ repairs }) => repairs)).toContainEqual(
      expect.stringContaining('of another operating system'),
    );
  });
});
