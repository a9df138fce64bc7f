import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRepository } from '../../src/source/open-repository.ts';
import type { TestRepository } from '../support/repository.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const HONEST = { 'index.js': 'honest();\n' };
const EVIL = { 'index.js': 'steal();\n' };

/** Puts other content under the id of an object; git reads objects without computing their ids again. */
function forge(repository: TestRepository, id: string, type: string, content: Buffer): void {
  const file = repository.objectFile(id);
  chmodSync(file, 0o644);
  writeFileSync(file, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])));
}

async function open(remote: string) {
  const cacheDir = path.join(world.folder.path, 'cache');
  const opened = await openRepository({ cacheDir, key: remote, remotes: [remote] });
  if (!opened.ok) throw new Error(opened.failures.map((one) => one.message).join());
  return opened.repository;
}

describe('a mirror on disk that has other content under the id of an honest commit', () => {
  it.each([
    ['blob', 'repository-unreachable'],
    ['tree', 'repository-unreachable'],
    // Git finds this one out itself, and lists no tag that leads to it.
    ['commit', 'source-not-found'],
  ])('in a %s does not make the content reproduced', async (type, reason) => {
    const name = `forged-${type}`;
    const repository = world.source(name, HONEST);
    const honest = {
      commit: repository.git('rev-parse', 'HEAD'),
      tree: repository.git('rev-parse', 'HEAD^{tree}'),
      blob: repository.git('rev-parse', 'HEAD:index.js'),
    };
    repository.git('checkout', '-q', '-b', 'evil');
    const evil = repository.commit(EVIL);
    const content = {
      commit: execFileSync('git', ['cat-file', 'commit', evil], { cwd: repository.directory }),
      tree: execFileSync('git', ['cat-file', 'tree', `${evil}^{tree}`], { cwd: repository.directory }),
      blob: Buffer.from(EVIL['index.js']),
    };
    repository.git('checkout', '-q', 'main');
    const kind = type as keyof typeof honest;
    forge(repository, honest[kind], type, content[kind]);
    // As git would show it: the honest commit, with the payload.
    expect(repository.git('cat-file', '-p', `${honest.commit}:index.js`)).toBe(EVIL['index.js'].trim());
    world.publish(name, EVIL);
    const document = await world.verify(name, { engine });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', reason]);
  });
});

describe('a mirror on disk with settings of its own', () => {
  it('has no say: no hook, program or attribute of it counts, nor who it belongs to', async () => {
    const repository = world.repository('settings');
    const canary = path.join(world.folder.path, 'canary');
    const commit = repository.commit({ 'index.js': 'honest();\n', 'left-out.txt': 'x' });
    const folder = path.join(repository.directory, '.git');
    const program = path.join(world.folder.path, 'program');
    writeFileSync(program, `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    for (const key of ['core.fsmonitor', 'core.sshCommand', 'uploadpack.packObjectsHook', 'core.pager']) {
      repository.git('config', key, program);
    }
    repository.git('config', 'core.alternateRefsCommand', program);
    repository.git('config', 'filter.evil.smudge', program);
    mkdirSync(path.join(folder, 'info'), { recursive: true });
    writeFileSync(path.join(folder, 'info', 'attributes'), '*.js filter=evil\nleft-out.txt export-ignore\n');
    writeFileSync(path.join(folder, 'info', 'grafts'), `${commit} ${'ab'.repeat(20)}\n`);
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', '1234', repository.directory]);

    const opened = await open(repository.directory);
    const file = path.join(world.folder.path, 'settings.tar');
    expect(await opened.archive({ commit, file, maxBytes: 1_000_000 })).toBeNull();
    expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' })).toBe('index.js\nleft-out.txt\n');
    expect(existsSync(canary)).toBe(false);
  });

  it('cannot put another commit in the place of one', async () => {
    const repository = world.repository('replaced');
    const commit = repository.commit(HONEST);
    repository.git('checkout', '-q', '-b', 'evil');
    const evil = repository.commit(EVIL);
    repository.git('replace', '-f', commit, evil);
    expect(await (await open(repository.directory)).readText(commit, 'index.js')).toBe('honest();\n');
  });
});

/** The commands of the processes that have a folder among their arguments (proc(5), `/proc/PID/cmdline`). */
function processesOn(folder: string): readonly string[] {
  const commands = readdirSync('/proc').map((pid) => {
    try {
      return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'latin1') : '';
    } catch {
      // It has ended meanwhile.
      return '';
    }
  });
  return commands.filter((command) => command.includes(folder));
}

describe('a mirror on disk with a branch that is no file', () => {
  it.each([
    ['a pipe that nobody writes to', (file: string) => execFileSync('mkfifo', [file])],
    ['an endless device', (file: string) => execFileSync('ln', ['-s', '/dev/zero', file])],
    ['a file of somebody else', (file: string) => execFileSync('ln', ['-s', '/etc/shadow', file])],
  ])('does not keep a run waiting: %s', async (what, make) => {
    const repository = world.repository(`odd-${what.replaceAll(' ', '-')}`);
    const commit = repository.commit(HONEST);
    make(path.join(repository.directory, '.git', 'refs', 'heads', 'odd'));
    // git itself is asked then, and would wait for ever: it has its own limits of time.
    const opened = openRepository({
      cacheDir: path.join(world.folder.path, 'cache'),
      key: repository.directory,
      remotes: [repository.directory],
      deadline: { leftMs: () => 5000 },
    });
    const late = new Promise<string>((resolve) => setTimeout(resolve, 20_000, 'still waiting'));
    expect(await Promise.race([opened.then(() => 'ended'), late])).toBe('ended');
    await expect.poll(() => processesOn(repository.directory), { timeout: 20_000 }).toEqual([]);
    expect(commit).toHaveLength(40);
  });

  it('or whose name leads out of the folder does not write there', async () => {
    const repository = world.repository('climbing');
    const commit = repository.commit(HONEST);
    const packed = path.join(repository.directory, '.git', 'packed-refs');
    const names = [
      'refs/heads/../../../../../climbed',
      'refs/heads/a b',
      'refs/heads/',
      'HEAD',
      'refs/heads/x.lock',
    ];
    writeFileSync(packed, names.map((name) => `${commit} ${name}\n`).join(''));
    const { directory } = await open(repository.directory);
    expect(readFileSync(path.join(directory, 'packed-refs'), 'utf8')).toBe(
      `# pack-refs with: sorted \n${commit} refs/heads/main\n`,
    );
  });
});

describe('a payload in a file that the mirror does not have', () => {
  function withLostFile(name: string, published: Readonly<Record<string, string>>) {
    const repository = world.source(
      name,
      { ...HONEST, 'large.js': 'honest too;\n', 'docs/film': 'film' },
      { files: ['*.js'] },
    );
    repository.lose('large.js');
    world.publish(name, { ...HONEST, ...published }, { files: ['*.js'] });
  }

  it('is not reproduced, and not said to differ from a source that nobody has seen', async () => {
    withLostFile('lost-payload', { 'large.js': 'steal();\n' });
    const document = await world.verify('lost-payload', { engine });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'repository-unreachable']);
    expect(document.signals.map((one) => one.kind)).toContain('source-files-missing');
  });

  it('does not excuse any other file', async () => {
    withLostFile('lost-and-changed', { 'large.js': 'honest too;\n', 'index.js': 'steal();\n' });
    const document = await world.verify('lost-and-changed', { engine });
    expect(document.verdict).toBe('diverged');
  });

  it('and is not published harms nobody, and is told', async () => {
    const repository = world.source('lost-film', { ...HONEST, 'docs/film': 'film' }, { files: ['*.js'] });
    repository.lose('docs/film');
    world.publish('lost-film', HONEST, { files: ['*.js'] });
    const document = await world.verify('lost-film', { engine });
    expect(document.verdict).toBe('reproduced');
    expect(document.signals.map((one) => one.kind)).toContain('source-files-missing');
  });

  it('that is the manifest leaves nothing to go by', async () => {
    const repository = world.source('lost-manifest', HONEST);
    repository.lose('package.json');
    world.publish('lost-manifest', HONEST);
    const document = await world.verify('lost-manifest', { engine });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'repository-unreachable']);
    rmSync(repository.directory, { recursive: true });
  });
});
