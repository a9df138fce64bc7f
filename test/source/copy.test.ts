import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRepository } from '../../src/source/open-repository.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const MEBIBYTE = 1024 ** 2;
let count = 0;

/** A remote with 4 MiB in its past and 2 MiB in its present. */
function remoteWith(config: readonly (readonly [string, string])[]) {
  count += 1;
  const origin = new TestRepository(path.join(folder.path, String(count)));
  for (const [key, value] of config) origin.git('config', key, value);
  const commitLarge = (name: string, bytes: number, manifest: object) => {
    writeFileSync(path.join(origin.directory, name), randomBytes(bytes));
    return origin.commit({ 'package.json': manifest });
  };
  commitLarge('film', 4 * MEBIBYTE, { version: '1.0.0' });
  origin.git('rm', '-q', 'film');
  const commit = commitLarge('picture', 2 * MEBIBYTE, { version: '1.0.1' });
  origin.git('tag', '-a', '-m', 'annotated', 'v1.0.1');
  return { origin, commit, remote: `file://${origin.directory}` };
}

function open(remote: string, maxBytes: number, tag = 'v1.0.1') {
  const wanted = { tag: (name: string) => name === tag, commits: [] };
  return openRepository({
    cacheDir: path.join(folder.path, 'cache'),
    key: remote,
    remotes: [remote],
    maxBytes,
    wanted,
  });
}

const FILTERS = [['uploadpack.allowFilter', 'true']] as const;

describe('a remote that has more than is fetched', () => {
  it('gives its history without large files, and each commit with them', async () => {
    const { commit, remote } = remoteWith(FILTERS);
    const opened = await open(remote, 3 * MEBIBYTE);
    if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
    const { repository } = opened;
    expect(opened.partial).toBeNull();
    const changes = await repository.commitsThatChanged({ expression: '"version"', file: 'package.json' });
    expect(changes).toHaveLength(2);
    expect(await repository.commitOf('refs/tags/v1.0.1')).toBe(commit);

    const tree = await repository.tree(commit);
    expect(tree.ok && tree.value.map((file) => [file.path, file.missing])).toEqual([
      ['package.json', undefined],
      ['picture', undefined],
    ]);
    const file = path.join(folder.path, 'tree.tar');
    expect(await repository.archive({ commit, file, maxBytes: 10 * MEBIBYTE })).toBeNull();
    expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' })).toBe('package.json\npicture\n');
    const directory = path.join(folder.path, 'clone');
    mkdirSync(directory);
    const request = { commit, ref: 'refs/tags/v1.0.1', origin: 'https://git.example/a/b', directory };
    expect(await repository.shallowClone(request)).toBeNull();
    expect(execFileSync('git', ['describe'], { cwd: directory, encoding: 'utf8' })).toBe('v1.0.1\n');
  });

  it('is followed, and never asked behind our back', async () => {
    const { origin, remote } = remoteWith(FILTERS);
    await open(remote, 3 * MEBIBYTE);
    const next = origin.commit({ 'package.json': { version: '1.0.2' } });
    origin.git('tag', 'v1.0.2');
    const opened = await open(remote, 3 * MEBIBYTE);
    if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
    expect(await opened.repository.commitOf('refs/tags/v1.0.2')).toBe(next);
    const config = readFileSync(path.join(opened.repository.directory, 'config'), 'utf8');
    expect(config).not.toMatch(/promisor|partialclone/i);
    const film = origin.git('rev-parse', 'HEAD~2:film');
    const look = () =>
      execFileSync('git', ['cat-file', '-e', film], { cwd: opened.repository.directory, stdio: 'ignore' });
    expect(look).toThrow();
  });

  it('and leaves nothing out is asked for the wanted tag alone', async () => {
    const { commit, remote } = remoteWith([]);
    const opened = await open(remote, 3 * MEBIBYTE);
    expect(opened.ok && opened.partial).toContain('more than 3145728 bytes');
    expect(opened.ok && (await opened.repository.commitOf('refs/tags/v1.0.1'))).toBe(commit);
  });

  it('even in the wanted commit gives nothing', async () => {
    const { remote } = remoteWith([]);
    const opened = await open(remote, MEBIBYTE);
    expect(opened.ok ? null : opened.failures.map((one) => one.why)).toEqual(['too-long']);
  });
});
