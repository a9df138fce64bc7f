import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOfResult } from '../../src/report/exit-code.ts';
import { npmTarball } from '../support/tarball.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const FILES = { 'index.js': '1;\n' };

describe('links of a repository are read as links', () => {
  it('when its package.json is one', async () => {
    const repository = world.repository('linked-manifest');
    repository.link('package.json', 'real.json');
    repository.commit({ 'real.json': manifestOf('linked-manifest') });
    repository.tag('v1.0.0');
    world.publish('linked-manifest', FILES);
    expect((await world.verify('linked-manifest', { engine })).reason?.code).toBe('source-mismatch');
  });

  it('when its lockfile is one that leads to a file of the host', async () => {
    const repository = world.repository('linked-lockfile');
    repository.link('package-lock.json', '/etc/hostname');
    repository.commit({ ...FILES, 'package.json': manifestOf('linked-lockfile') });
    repository.tag('v1.0.0');
    world.publish('linked-lockfile', FILES);
    expect((await world.verify('linked-lockfile', { engine })).verdict).toBe('reproduced');
  });
});

describe('a commit that unfolds to more than a sandbox may hold', () => {
  it('is a resource limit', async () => {
    const repository = world.source('inflated', FILES, { files: ['index.js'] });
    writeFileSync(path.join(repository.directory, 'zeros'), Buffer.alloc(8 * 1024 * 1024));
    repository.git('add', 'zeros');
    const id = repository.git('rev-parse', ':zeros');
    for (let index = 0; index < 24; index += 1) {
      repository.git('update-index', '--add', '--cacheinfo', `100644,${id},copy-${index}`);
    }
    repository.git('commit', '-q', '--amend', '--no-edit');
    repository.git('tag', '-f', 'v1.0.0');
    world.publish('inflated', FILES, { files: ['index.js'] });
    const document = await world.verify('inflated', { engine });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'resource-limit']);
  });
});

describe('a local file with the name of an honest one', () => {
  it('and another package inside is judged as that one, and fails', async () => {
    world.source('inner', FILES);
    world.publish('inner', FILES);
    const file = path.join(world.folder.path, 'honest-1.0.0.tgz');
    const manifest = JSON.stringify(manifestOf('inner'));
    writeFileSync(file, npmTarball({ 'index.js': 'steal();\n', 'package.json': manifest }));
    const document = await world.verify(file, { engine });
    expect([document.subject.name, document.verdict]).toEqual(['inner', 'diverged']);
    expect(document.signals.map((one) => one.kind)).toContain('not-the-registry-artifact');
    expect(exitCodeOfResult(document, { failOn: 'info' })).toBe(1);
  });
});
