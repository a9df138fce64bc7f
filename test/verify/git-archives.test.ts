import { execFileSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gzipOf, tarEntry } from '../support/tarball.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

/** `npm publish <address of a host's archive>` uploads what git made of the commit. */
function archiveOf(directory: string, folder: string): Buffer {
  const argv = [
    '-c',
    'tar.tar.gz.command=gzip -cn',
    'archive',
    '--format=tar.gz',
    `--prefix=${folder}/`,
    'HEAD',
  ];
  return execFileSync('git', argv, { cwd: directory, maxBuffer: 1e9 });
}

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

function published(name: string, change: (archive: Buffer) => Buffer = (archive) => archive): void {
  const repository = world.source(name, { 'lib/index.js': 'module.exports = 1;\n', 'test/all.js': '\n' });
  const bytes = change(archiveOf(repository.directory, `owner-${name}-0123abc`));
  world.registry.publish({ manifest: manifestOf(name), bytes, time: '2024-03-02T00:00:00.000Z' });
}

it('an archive that git made of the commit is reproduced to the byte', async () => {
  published('archived');
  const document = await world.verify('archived', { engine: ENGINE });
  expect(document).toMatchObject({
    verdict: 'reproduced',
    level: 'bytes',
    plan: { strategy: 'git-archive' },
  });
  expect(document.comparison).toMatchObject({ packer: 'git archive' });
});

it('what was slipped into one is found', async () => {
  published('slipped', (archive) => {
    const evil = tarEntry({ name: 'owner-slipped-0123abc/lib/evil.js', content: 'evil()\n' });
    const tar = gunzipSync(archive);
    // Behind the header with the commit.
    return gzipOf(Buffer.concat([tar.subarray(0, 1024), evil, tar.subarray(1024)]));
  });
  const document = await world.verify('slipped', { engine: ENGINE });
  expect(document.verdict).toBe('diverged');
  expect(document.findings.map(({ kind, path }) => `${kind} ${path ?? ''}`)).toContain(
    'file-added lib/evil.js',
  );
});

it('one of another commit than the tag is told', async () => {
  const repository = world.source('moved', { 'index.js': 'module.exports = 1;\n' });
  repository.commit({ 'index.js': 'evil()\n' });
  const bytes = archiveOf(repository.directory, 'owner-moved-0123abc');
  world.registry.publish({ manifest: manifestOf('moved'), bytes, time: '2024-03-02T00:00:00.000Z' });
  const { verdict, signals } = await world.verify('moved', { engine: ENGINE });
  expect(verdict).toBe('reproduced');
  expect(signals.map(({ kind }) => kind)).toEqual(['source-evidence-disagrees']);
});
