import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageJsonReader } from '../../builders/npm/manifest.ts';
import { deadlineIn } from '../../src/deadline.ts';
import { resolveSource, type SourceOverride } from '../../src/source/resolve.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const MANIFEST = { name: 'pkg', version: '1.2.3' };
const HOST = 'https://git.example';

function repository(where: string, manifest: object = MANIFEST): string {
  const made = new TestRepository(path.join(folder.path, 'git', where));
  const commit = made.commit({ 'package.json': manifest });
  made.tag('v1.2.3');
  return commit;
}

/** What becomes of a version that names `stated`, when the newest other versions name these. */
async function outcome(stated: string, others: readonly string[], override: SourceOverride | null = null) {
  const resolved = await resolveSource({
    claims: {
      name: 'pkg',
      version: '1.2.3',
      repository: `${HOST}/${stated}`,
      otherRepositories: others.map((where, index) => ({
        repository: `${HOST}/${where}`,
        version: `${9 - index}.0.0`,
      })),
      directory: null,
      commits: [],
      manifest: packageJsonReader,
    },
    override,
    contradictions: () => [],
    mirrors: [path.join(folder.path, 'git', '{path}')],
    cacheDir: path.join(folder.path, 'cache'),
    deadline: deadlineIn(300_000),
  });
  if (!resolved.ok) return { reason: resolved.reason.code };
  const { candidates, signals } = resolved.value;
  return {
    repository: candidates[0]?.repository,
    evidence: candidates[0]?.evidence.map((one) => one.kind),
    signals: signals.map((one) => `${one.kind}: ${one.severity}`),
  };
}

describe('a version whose repository cannot be read', () => {
  it('comes from where another version says, and that is told', async () => {
    repository('now/one');
    expect(await outcome('before/one', ['gone/too', 'now/one'])).toEqual({
      repository: `${HOST}/now/one`,
      evidence: ['tag', 'directory', 'repository-of-another-version'],
      signals: ['repository-from-another-version: medium'],
    });
  });

  it('alarms less where the owner is the same', async () => {
    repository('same/new');
    expect((await outcome('Same/old', ['same/new'])).signals).toEqual([
      'repository-from-another-version: low',
    ]);
  });

  it('stays without a source where no repository has it', async () => {
    repository('other/package', { name: 'another', version: '1.2.3' });
    expect(await outcome('before/two', ['other/package'])).toEqual({ reason: 'repository-unreachable' });
  });

  it('is not looked for elsewhere when the user named the repository', async () => {
    repository('now/three');
    const override = { repository: `${HOST}/gone/three`, commit: null };
    expect(await outcome('gone/three', ['now/three'], override)).toEqual({
      reason: 'repository-unreachable',
    });
  });
});

describe('a version whose repository does not have it', () => {
  it('comes from another one of the same owner', async () => {
    repository('owner/old', { name: 'pkg', version: '0.1.0' });
    new TestRepository(path.join(folder.path, 'git/owner/old')).git('tag', '-d', 'v1.2.3');
    repository('owner/monorepo');
    expect((await outcome('owner/old', ['owner/monorepo'])).repository).toBe(`${HOST}/owner/monorepo`);
  });
});
