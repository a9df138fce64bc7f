import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Git } from '../../src/source/git.ts';
import { openRepository } from '../../src/source/open-repository.ts';
import type { Repository } from '../../src/source/repository.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const LARGE = 8 * 1024 * 1024;
const many = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [`packages/${index}/package.json`, { name: `p${index}` }]),
);

let repository: Repository;
let commit: string;
beforeAll(async () => {
  const origin = new TestRepository(path.join(folder.path, 'origin'));
  origin.link('link', 'empty');
  commit = origin.commit({
    ...many,
    empty: '',
    'not-latin': 'größe ✓\n',
    'line\nbreak': 'odd name',
    'no-newline': 'x',
    largest: 'x'.repeat(LARGE),
    ...Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`large-${n}`, String(n).repeat(LARGE - n)])),
    'too-large': 'x'.repeat(LARGE + 1),
    'folder/file': 'x',
  });
  origin.lose('packages/7/package.json');
  const cacheDir = path.join(folder.path, 'cache');
  const opened = await openRepository({ cacheDir, key: 'k', remotes: [origin.directory] });
  if (!opened.ok) throw new Error('not opened');
  ({ repository } = opened);
  await repository.tree(commit);
});

const read = (...files: readonly string[]) =>
  Promise.all(files.map((file) => repository.readText(commit, file)));

describe('many files of a commit, read at once', () => {
  it('come from two processes', async () => {
    const feed = vi.spyOn(Git.prototype, 'feed');
    const run = vi.spyOn(Git.prototype, 'run');
    const texts = await read(...Object.keys(many));
    expect(feed.mock.calls.length + run.mock.calls.length).toBe(2);
    vi.restoreAllMocks();
    const names = texts.map((text) => (text === null ? null : (JSON.parse(text) as { name: string }).name));
    expect(names).toEqual(Array.from({ length: 400 }, (_, index) => (index === 7 ? null : `p${index}`)));
  });

  it('are each what they would be alone', async () => {
    expect(await read('empty', 'not-latin', 'line\nbreak', 'no-newline', 'empty')).toEqual([
      '',
      'größe ✓\n',
      'odd name',
      'x',
      '',
    ]);
    expect(await read('absent', 'link', 'folder', 'too-large', '../origin')).toEqual(Array(5).fill(null));
  });

  it('may be more than is held at once', async () => {
    const files = ['largest', 'large-0', 'large-1', 'large-2', 'large-3'];
    const texts = await read(...files);
    expect(texts.map((text) => [text?.length, text?.at(-1)])).toEqual([
      [LARGE, 'x'],
      [LARGE, '0'],
      [LARGE - 1, '1'],
      [LARGE - 2, '2'],
      [LARGE - 3, '3'],
    ]);
  });

  it('may be asked for again while an answer is on its way', async () => {
    const first = repository.readText(commit, 'no-newline');
    await new Promise((resolve) => setImmediate(resolve));
    expect(
      await Promise.all([first, ...['no-newline', 'empty'].map((file) => repository.readText(commit, file))]),
    ).toEqual(['x', 'x', '']);
  });
});
