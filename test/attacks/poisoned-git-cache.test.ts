import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRepository } from '../../src/source/open-repository.ts';
import { TestRepository } from '../support/repository.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'reprove-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEY = 'https://git.example/owner/name';

async function open(remote: string, wanted?: Parameters<typeof openRepository>[0]['wanted']) {
  const options = { cacheDir: path.join(folder, 'cache'), key: KEY, remotes: [remote] };
  const opened = await openRepository(wanted === undefined ? options : { ...options, wanted });
  if (!opened.ok) throw new Error(opened.failures.map((one) => one.message).join());
  return opened;
}

function repository(name: string, content: string): TestRepository {
  const made = new TestRepository(path.join(folder, name));
  made.commit({ 'index.js': content });
  made.tag('v1.0.0');
  return made;
}

describe('what one run fetched for a repository', () => {
  it('from a mirror of an attacker is no commit of the repository in the next run, without that mirror', async () => {
    const evil = repository('evil', 'steal();\n').git('rev-parse', 'HEAD');
    repository('honest', '1;\n');
    await open(path.join(folder, 'evil'));
    const { repository: later } = await open(path.join(folder, 'honest'));
    // The registry's document (gitHead) may name it: it must not be found in a repository that does not have it.
    expect(await later.commitOf(evil)).toBeNull();
  });

  it('from a branch that its owner has deleted since is not a commit of the repository any more', async () => {
    const remote = repository('honest', '1;\n');
    remote.git('checkout', '-q', '-b', 'short-lived');
    const evil = remote.commit({ 'index.js': 'steal();\n' });
    await open(remote.directory);
    remote.git('checkout', '-q', 'main');
    remote.git('branch', '-q', '-D', 'short-lived');
    const { repository: later } = await open(remote.directory);
    expect(await later.commitOf(evil)).toBeNull();
  });

  it('leaves no tag behind for a later run that can fetch only in part', async () => {
    const evil = repository('evil', 'steal();\n');
    evil.tag('release-1.0.0');
    await open(evil.directory);
    const honest = repository('honest', '1;\n');
    honest.commit({ 'big.bin': 'x'.repeat(1000) });
    // One damaged object in the history makes a whole fetch fail.
    const blob = honest.git('rev-parse', 'HEAD:big.bin');
    rmSync(path.join(honest.directory, '.git', 'objects', blob.slice(0, 2), blob.slice(2)));
    // Not as a folder, which would lend its objects: a remote can only be asked.
    const remote = `file://${honest.directory}`;
    const opened = await open(remote, { tag: (tag) => tag.includes('1.0.0'), commits: [] });
    expect(opened.partial).not.toBeNull();
    expect((await opened.repository.tags()).map((tag) => tag.name)).toEqual(['refs/tags/v1.0.0']);
  });
});

describe('two runs at once', () => {
  it('on a repository that is not in the cache yet both get it', async () => {
    const remote = repository('honest', '1;\n');
    for (let index = 0; index < 40; index += 1) remote.git('tag', `other-${index}`);
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => open(remote.directory)));
    const failed = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(failed).toEqual([]);
  });
});

describe('a commit that no branch or tag of the repository has', () => {
  it('is not fetched by its id alone, as hosts serve the commits of every fork that way', async () => {
    const remote = repository('honest', '1;\n');
    // What a host of forks does: objects of one are objects of all.
    execFileSync('git', ['config', 'uploadpack.allowAnySHA1InWant', 'true'], { cwd: remote.directory });
    remote.git('checkout', '-q', '-b', 'fork');
    const imposter = remote.commit({ 'index.js': 'steal();\n' });
    remote.git('checkout', '-q', 'main');
    remote.git('branch', '-q', '-D', 'fork');
    remote.commit({ 'big.bin': 'x'.repeat(1000) });
    const blob = remote.git('rev-parse', 'HEAD:big.bin');
    rmSync(path.join(remote.directory, '.git', 'objects', blob.slice(0, 2), blob.slice(2)));
    for (const place of [remote.directory, `file://${remote.directory}`]) {
      const { repository: opened } = await open(place, {
        tag: (tag) => tag.includes('1.0.0'),
        commits: [imposter],
      });
      expect(await opened.commitOf(imposter)).toBeNull();
    }
  });
});
