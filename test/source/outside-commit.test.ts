import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRepository } from '../../src/source/open-repository.ts';
import { outsideCommitSignal, withPointers } from '../../src/source/outside-commit.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 5\n`;
const ATTRIBUTES = '*.bin filter=lfs diff=lfs merge=lfs -text\n';
let count = 0;

/** What is said of a package in a directory of a commit with these files and a submodule in `packages/b`. */
async function messageOf(files: Readonly<Record<string, string>>, directory: string) {
  count += 1;
  const origin = new TestRepository(path.join(folder.path, `origin-${count}`));
  origin.commit(files);
  origin.git('update-index', '--add', '--cacheinfo', `160000,${'ab'.repeat(20)},packages/b/vendor`);
  origin.git('commit', '-q', '-m', 'submodule');
  const commit = origin.git('rev-parse', 'HEAD');
  const cacheDir = path.join(folder.path, 'cache');
  const opened = await openRepository({ cacheDir, key: origin.directory, remotes: [origin.directory] });
  const listed = opened.ok ? await opened.repository.tree(commit) : null;
  if (!opened.ok || listed?.ok !== true) throw new Error('not opened');
  const tree = await withPointers(opened.repository, commit, listed.value);
  const source = { repository: '', commit, ref: null, directory, committedAt: '', evidence: [], tree };
  return outsideCommitSignal(source)?.message ?? null;
}

describe('what a commit only names', () => {
  it('is told of the directory of the package', async () => {
    const files = {
      '.gitattributes': ATTRIBUTES,
      'packages/a/data.bin': POINTER,
      'packages/b/index.js': '1',
    };
    expect(await messageOf(files, 'packages/a')).toContain('packages/a/data.bin (large file storage).');
    expect(await messageOf(files, 'packages/b')).toContain('packages/b/vendor (submodule).');
    expect(await messageOf(files, 'packages/c')).toBeNull();
  });

  it('is no text that speaks of pointers', async () => {
    const readme = `A pointer begins with:\n${POINTER}`;
    const files = {
      '.gitattributes': ATTRIBUTES,
      'a/README.md': readme,
      'a/long.md': POINTER + 'x'.repeat(1024),
    };
    expect(await messageOf(files, 'a')).toBeNull();
  });

  it('is nothing where no attribute sends files there', async () => {
    expect(await messageOf({ 'a/data.bin': POINTER }, 'a')).toBeNull();
  });
});
