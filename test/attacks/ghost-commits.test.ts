import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ownerName } from '../../src/owner.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';
import { npmTarball } from '../support/tarball.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

describe('a payload whose commit is in no branch and no tag of its repository', () => {
  it('is not reproduced, although an earlier run has seen the commit', async () => {
    const name = 'ghost';
    const honest = { 'index.js': 'honest();\n' };
    const repository = world.source(name, honest);
    world.publish(name, honest);
    repository.git('checkout', '-q', '-b', 'short-lived');
    const ghost = repository.commit({ 'index.js': 'steal();\n' });
    repository.git('checkout', '-q', 'main');
    expect((await world.verify(name, { engine })).verdict).toBe('reproduced');

    repository.git('branch', '-q', '-D', 'short-lived');
    const packed = JSON.stringify(manifestOf(name), null, 2);
    const bytes = npmTarball({ 'index.js': 'steal();\n', 'package.json': `${packed}\n` });
    const time = '2024-03-01T12:04:00.000Z';
    world.registry.publish({ manifest: manifestOf(name), bytes, time, gitHead: ghost });
    expect((await world.verify(name, { engine })).verdict).not.toBe('reproduced');
  });
});

describe('what a run that was killed leaves behind', () => {
  it('is gone after the next run', async () => {
    // No process can have this number: the kernel's largest is 4194304.
    const [where] = ownerName().split('.');
    const left = path.join(world.cacheDir, 'tmp', `run-${where}.99999999.1-killed`);
    mkdirSync(left, { recursive: true });
    onTestFinished(() => rmSync(left, { recursive: true, force: true }));
    world.source('after-a-kill', { 'index.js': '1;\n' });
    world.publish('after-a-kill', { 'index.js': '1;\n' });
    await world.verify('after-a-kill', { engine });
    expect(existsSync(left)).toBe(false);
  });
});
