import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageJsonReader } from '../../builders/npm/manifest.ts';
import { deadlineIn } from '../../src/deadline.ts';
import { resolveSource } from '../../src/source/resolve.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const HOME = 'https://git.example/project/home';
const THIEF = 'https://git.example/thief/home';

function repositoryAt(url: string, files: Readonly<Record<string, string | object>>, tag: string) {
  const made = new TestRepository(path.join(folder.path, new URL(url).pathname));
  made.commit(files);
  made.tag(tag);
}

/** A version that names `stated`, after its thief has published another one that names the thief's repository. */
function resolve(stated: string) {
  return resolveSource({
    claims: {
      name: 'pkg',
      version: '1.0.1',
      repository: stated,
      otherRepositories: [{ repository: THIEF, version: '1.0.2' }],
      directory: null,
      commits: [],
      manifest: packageJsonReader,
    },
    override: null,
    contradictions: () => [],
    mirrors: [path.join(folder.path, '{path}')],
    cacheDir: path.join(folder.path, 'cache'),
    deadline: deadlineIn(300_000),
  });
}

describe('a decoy version that names the repository of a thief', () => {
  const stolen = { 'package.json': { name: 'pkg', version: '1.0.1' }, 'index.js': 'steal();\n' };
  repositoryAt(THIEF, stolen, 'v1.0.1');
  repositoryAt(HOME, { 'package.json': { name: 'pkg', version: '1.0.0' } }, 'v1.0.0');

  it('gives no source to a version that was never in the repository that it names', async () => {
    const resolved = await resolve(HOME);
    expect(resolved.ok ? null : resolved.reason.code).toBe('source-not-found');
  });

  it('is as loud as a change of the repository when the one that is named is gone', async () => {
    const resolved = await resolve('https://git.example/project/gone');
    const [first] = resolved.ok ? resolved.value.signals : [];
    expect([first?.kind, first?.severity]).toEqual(['repository-from-another-version', 'medium']);
    expect(first?.message).toContain(THIEF);
    expect(resolved.ok && resolved.value.candidates[0]?.repository).toBe(THIEF);
  });

  it('never takes the place of a repository that has the version', async () => {
    const own = 'https://git.example/project/own';
    repositoryAt(own, { 'package.json': { name: 'pkg', version: '1.0.1' } }, 'v1.0.1');
    const resolved = await resolve(own);
    expect(resolved.ok && resolved.value.candidates.map((one) => one.repository)).toEqual([own]);
    expect(resolved.ok && resolved.value.signals).toEqual([]);
  });
});
