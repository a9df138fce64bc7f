import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRepository } from '../../src/source/open-repository.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

let count = 0;
function newFolder(): string {
  count += 1;
  const made = path.join(folder.path, String(count));
  mkdirSync(made);
  return made;
}

const newRepository = () => new TestRepository(newFolder());

async function open(remote: string) {
  const opened = await openRepository({
    cacheDir: path.join(folder.path, 'cache'),
    key: remote,
    remotes: [remote],
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
  return opened.repository;
}

/** Whether the copy has objects of its own. */
function hasObjects(directory: string): boolean {
  const found = readdirSync(path.join(directory, 'objects'), { recursive: true, encoding: 'utf8' });
  return found.some((name) => /^[0-9a-f]{2}\/|\.pack$/.test(name));
}

const branches = (directory: string) =>
  execFileSync('git', ['for-each-ref', '--format=%(refname) %(objectname)'], {
    cwd: directory,
    encoding: 'utf8',
  }).trim();

describe('a folder on this machine', () => {
  it('lends its objects and gives its branches and tags, as they are now', async () => {
    const origin = newRepository();
    origin.commit({ a: '1' });
    origin.tag('v1.0.0');
    origin.git('tag', '-a', '-m', 'annotated', 'v1.0.1');
    origin.git('branch', 'old');
    origin.git('pack-refs', '--all');
    origin.commit({ a: '2' });
    const { directory } = await open(origin.directory);
    expect(hasObjects(directory)).toBe(false);
    expect(branches(directory)).toBe(branches(origin.directory));

    origin.git('tag', '-f', 'v1.0.0');
    origin.git('branch', '-D', 'old');
    await open(origin.directory);
    expect(branches(directory)).toBe(branches(origin.directory));
  });

  it('gives what a symbolic branch leads to, and leaves out one that leads nowhere', async () => {
    const origin = newRepository();
    const commit = origin.commit({ a: '1' });
    origin.git('symbolic-ref', 'refs/heads/alias', 'refs/heads/main');
    origin.git('symbolic-ref', 'refs/heads/broken', 'refs/heads/none');
    const { directory } = await open(origin.directory);
    expect(branches(directory)).toBe(`refs/heads/alias ${commit}\nrefs/heads/main ${commit}`);
  });

  it('gives every branch but one whose commit it does not have', async () => {
    const origin = newRepository();
    const commit = origin.commit({ a: '1' });
    writeFileSync(path.join(origin.directory, '.git', 'refs', 'heads', 'gone'), `${'ab'.repeat(20)}\n`);
    const { directory } = await open(origin.directory);
    expect(branches(directory)).toBe(`refs/heads/main ${commit}`);
  });

  it.each([
    ['a clone that borrows itself', ['--shared']],
    ['a bare clone', ['--bare', '--no-local']],
  ])('may be %s', async (_what, flags) => {
    const origin = newRepository();
    const commit = origin.commit({ a: 'content' });
    const clone = newFolder();
    origin.git('clone', '-q', ...flags, origin.directory, clone);
    expect(await (await open(clone)).readText(commit, 'a')).toBe('content');
  });

  it('with a history that was cut is fetched', async () => {
    const origin = newRepository();
    origin.commit({ a: '1' });
    origin.commit({ a: '2' });
    const clone = newFolder();
    origin.git('clone', '-q', '--depth=1', `file://${origin.directory}`, clone);
    const { directory } = await open(clone);
    expect(hasObjects(directory)).toBe(true);
  });

  it('that lacks a commit of its history is fetched, not taken for whole', async () => {
    const origin = newRepository();
    const lost = origin.commit({ a: '1' });
    const commit = origin.commit({ a: '2' });
    renameSync(origin.objectFile(lost), path.join(folder.path, 'lost'));
    const opened = await openRepository({
      cacheDir: path.join(folder.path, 'cache'),
      key: origin.directory,
      remotes: [origin.directory],
      wanted: { tag: () => false, commits: [commit] },
    });
    expect(opened.ok && opened.partial).not.toBeNull();
  });
});

function damaged() {
  const origin = newRepository();
  origin.commit({ a: '1' });
  const commit = origin.commit({
    'package.json': { name: 'pkg', version: '1.0.0' },
    'index.js': '1;\n',
    'docs/*ig [1].bin': 'large',
    ':(top)odd': 'large too',
  });
  origin.git('tag', '-a', '-m', 'annotated', 'v1.0.0');
  const lost = origin.lose('docs/*ig [1].bin');
  origin.lose(':(top)odd');
  return { origin, commit, lost };
}

const LOST = [':(top)odd', 'docs/*ig [1].bin'];

describe('a commit of which some files are missing', () => {
  it('lists them as such, and gives the others', async () => {
    const { origin, commit } = damaged();
    const repository = await open(origin.directory);
    const tree = await repository.tree(commit);
    const missing = tree.ok ? tree.value.filter((file) => file.missing).map((file) => file.path) : [];
    expect(missing).toEqual(LOST);
    expect(await repository.readText(commit, ':(top)odd')).toBeNull();
    expect(await repository.readText(commit, 'index.js')).toBe('1;\n');
  });

  it('is archived and cloned without them, and git does not call them deleted', async () => {
    const { origin, commit } = damaged();
    const repository = await open(origin.directory);
    const file = path.join(newFolder(), 'tree.tar');
    expect(await repository.archive({ commit, file, maxBytes: 1_000_000 })).toBeNull();
    const directory = newFolder();
    const request = { commit, ref: 'refs/tags/v1.0.0', origin: 'https://git.example/a/b', directory };
    expect(await repository.shallowClone(request)).toBeNull();
    execFileSync('tar', ['-xf', file, '-C', directory]);
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
    git('update-index', '-q', '--refresh');
    expect(git('describe', '--dirty')).toBe('v1.0.0');
    expect(git('status', '--short')).toBe('');
    expect(git('cat-file', '-t', 'v1.0.0')).toBe('tag');
    expect(git('rev-list', '--count', '--all')).toBe('1');
    expect(readFileSync(path.join(directory, '.git', 'shallow'), 'utf8')).toBe(`${commit}\n`);
    expect(readdirSync(directory).toSorted()).toEqual(['.git', 'a', 'index.js', 'package.json']);
  });

  it('is whole in the next run, once the folder has them', async () => {
    const { origin, commit } = damaged();
    await (await open(origin.directory)).tree(commit);
    writeFileSync(path.join(origin.directory, 'again'), 'large');
    origin.git('hash-object', '-w', 'again');
    const tree = await (await open(origin.directory)).tree(commit);
    expect(tree.ok && tree.value.filter((one) => one.missing).map((one) => one.path)).toEqual([LOST[0]]);
  });
});

describe('a commit of a folder that lends its objects', () => {
  it('stays readable when the folder is gone in the middle of a run', async () => {
    const origin = newRepository();
    const commit = origin.commit({ a: 'content' });
    const repository = await open(origin.directory);
    await repository.tree(commit);
    renameSync(origin.directory, `${origin.directory}-gone`);
    expect(await repository.readText(commit, 'a')).toBe('content');
    const file = path.join(newFolder(), 'tree.tar');
    expect(await repository.archive({ commit, file, maxBytes: 1_000_000 })).toBeNull();
  });

  it('without a parent is cloned as one', async () => {
    const origin = newRepository();
    const commit = origin.commit({ a: 'content' });
    const directory = newFolder();
    const repository = await open(origin.directory);
    const request = { commit, ref: null, origin: 'https://git.example/a/b', directory };
    expect(await repository.shallowClone(request)).toBeNull();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
    expect(git('rev-parse', '--is-shallow-repository', 'HEAD')).toBe(`false\n${commit}`);
    git('fsck', '--strict');
  });
});
