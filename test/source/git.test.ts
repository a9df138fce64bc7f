import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileHistory } from '../../src/source/commit-texts.ts';
import { openRepository } from '../../src/source/open-repository.ts';
import type { Repository } from '../../src/source/repository.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const origin = new TestRepository(path.join(folder.path, 'origin'));
const canary = path.join(folder.path, 'canary');
let repository: Repository;
let commit: string;

beforeAll(async () => {
  origin.link('link', '/etc/passwd');
  commit = origin.commit({
    'package.json': { name: 'pkg', version: '1.0.0' },
    'secret.txt': 'left out of archives\n',
    'version.txt': '$Format:%H$\n',
    'filtered.txt': 'as committed\n',
    'windows.bat': 'echo hello\n',
    'name with\ttab': 'x',
    'folder/file': 'x',
    '.gitattributes':
      'secret.txt export-ignore\nversion.txt export-subst\nfiltered.txt filter=evil\n*.bat text eol=crlf\n',
  });
  origin.tag('v1.0.0');
  // What a hostile repository would like git to run.
  const hook = path.join(origin.directory, '.git', 'hooks', 'post-checkout');
  writeFileSync(hook, `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
  origin.git('config', 'filter.evil.smudge', `touch ${canary}`);
  repository = await open(origin.directory);
});

async function open(remote: string): Promise<Repository> {
  const opened = await openRepository({
    cacheDir: path.join(folder.path, 'cache'),
    key: remote,
    remotes: [remote],
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
  return opened.repository;
}

function membersOf(file: string): string[] {
  return execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
}

describe('a repository', () => {
  it('lists every file of a commit with its blob id', async () => {
    const listed = await repository.tree(commit);
    const tree = listed.ok ? listed.value : [];
    const file = tree.find((one) => one.path === 'package.json');
    expect(file?.blobId).toBe(origin.git('rev-parse', 'HEAD:package.json'));
    expect(tree.find((one) => one.path === 'link')?.mode).toBe('120000');
    expect(tree.map((one) => one.path)).toContain('name with\ttab');
  });

  it('tells that a file is absent, and that a commit is', async () => {
    expect(await repository.readText(commit, 'absent.json')).toBeNull();
    expect(await repository.readText(commit, 'folder')).toBeNull();
    expect(await repository.readText(commit, 'link')).toBeNull();
    expect(await repository.readText(commit, 'folder/file')).toBe('x');
    expect(await repository.readText(commit, ':(glob)folder/*')).toBeNull();
    expect(await repository.commitOf('0'.repeat(40))).toBeNull();
    expect(await repository.commitOf('refs/heads/main^{/change}')).toBeNull();
    expect(await repository.commitOf('--help')).toBeNull();
  });

  it('tells the tags of a commit and of those before it, and of no later one', async () => {
    const tagged = new TestRepository(path.join(folder.path, 'tagged'));
    const first = tagged.commit({ file: '1' });
    tagged.tag('scope/one@1.0.0');
    const second = tagged.commit({ file: '2' });
    tagged.git('tag', '-a', '-m', 'annotated', 'v2');
    const opened = await open(tagged.directory);
    expect(await opened.tagsBefore(first)).toEqual(['scope/one@1.0.0']);
    expect(await opened.tagsBefore(second)).toEqual(['scope/one@1.0.0', 'v2']);
    expect(await opened.tagsBefore('--format=evil')).toEqual([]);
  });

  it('tells the commits that changed a file, up to one of them', async () => {
    const changed = new TestRepository(path.join(folder.path, 'changed'));
    const first = changed.commit({ file: '1', other: '1' });
    const second = changed.commit({ file: '2', other: '1' });
    const third = changed.commit({ file: '2', other: '2' });
    changed.commit({ file: '3' });
    const opened = await open(changed.directory);
    const history = await fileHistory(opened, third, 'file');
    expect(await Promise.all(history.map(({ text }) => text()))).toEqual(['2', '1']);
    expect((await opened.changesBefore(third, 'file')).map((one) => one.commit)).toEqual([second, first]);
    expect(await opened.changesBefore('--all', 'file')).toEqual([]);
    expect(await opened.changesBefore(third, ':(glob)*')).toEqual([]);
  });

  it('archives a commit as a checkout has it: nothing left out, substituted or filtered', async () => {
    const file = path.join(folder.path, 'tree.tar');
    expect(await repository.archive({ commit, file, maxBytes: 1_000_000 })).toBeNull();
    expect(membersOf(file)).toContain('secret.txt');
    const text = (name: string) => execFileSync('tar', ['-xOf', file, name], { encoding: 'utf8' });
    expect(text('version.txt')).toBe('$Format:%H$\n');
    expect(text('filtered.txt')).toBe('as committed\n');
    expect(text('windows.bat')).toBe('echo hello\r\n');
    expect(existsSync(canary)).toBe(false);
    expect(execFileSync('tar', ['-tvf', file, 'version.txt'], { encoding: 'utf8' })).toMatch(/^-rw-r--r-- /);
  });

  it('gives a .git with exactly this commit', async () => {
    const directory = path.join(folder.path, 'clone');
    mkdirSync(directory);
    await repository.shallowClone({
      commit,
      ref: 'refs/tags/v1.0.0',
      origin: 'https://git.example/a/b',
      directory,
    });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
    expect(git('rev-parse', 'HEAD')).toBe(commit);
    expect(git('describe', '--tags')).toBe('v1.0.0');
    expect(git('rev-list', '--count', '--all')).toBe('1');
    // Nothing that names this machine: no folder of it, and no log with its name.
    const files = readdirSync(path.join(directory, '.git'), { recursive: true, withFileTypes: true });
    const texts = files.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
    expect(texts.filter((file) => readFileSync(file, 'latin1').includes(folder.path))).toEqual([]);
    expect(files.map((one) => one.name)).not.toContain('logs');
    expect(files.map((one) => one.name)).not.toContain('hooks');
    expect(existsSync(canary)).toBe(false);
  });
});

describe('the index of a clone', () => {
  it('has every file as committed, so that nothing calls the tree dirty', async () => {
    const directory = path.join(folder.path, 'unpacked');
    mkdirSync(directory);
    const file = path.join(folder.path, 'clean.tar');
    await repository.archive({ commit, file, maxBytes: 1_000_000 });
    execFileSync('tar', ['-xf', file, '-C', directory]);
    const where = { commit, ref: 'refs/tags/v1.0.0', origin: 'https://git.example/a/b', directory };
    expect(await repository.shallowClone(where)).toBeNull();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
    git('update-index', '-q', '--refresh');
    expect(git('diff-index', '--name-only', 'HEAD')).toBe('');
    expect(git('describe', '--tags', '--dirty')).toBe('v1.0.0');
  });
});

describe('a hostile remote', () => {
  it.each(['--upload-pack=touch CANARY', 'ext::touch CANARY', '-c core.sshCommand=touch CANARY'])(
    'named %s is refused and runs nothing',
    async (template) => {
      const remote = template.replace('CANARY', canary);
      const opened = await openRepository({
        cacheDir: path.join(folder.path, 'cache'),
        key: remote,
        remotes: [remote],
      });
      expect(opened.ok).toBe(false);
      expect(existsSync(canary)).toBe(false);
    },
  );
});
