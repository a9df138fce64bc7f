import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseGitDependency } from '../../../../builders/npm/git/dependency.ts';
import { GitRepositories, parsePlace, textOfPlace } from '../../../../builders/npm/git/repositories.ts';
import { readArchive } from '../../../../src/published/archive.ts';
import { temporaryFolder, TestRepository } from '../../../support/repository.ts';

const NOW = '2024-06-01T00:00:00Z';
const folder = temporaryFolder();
let origin: TestRepository;
let repositories: GitRepositories;
const commits: Record<string, string> = {};

beforeAll(() => {
  origin = new TestRepository(path.join(folder.path, 'git', 'owner', 'leaf'));
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
    commits[version] = origin.commit({ 'package.json': { name: 'leaf', version }, 'lib/index.js': version });
    origin.tag(`v${version}`);
  }
  commits['tip'] = origin.commit({ 'lib/index.js': 'tip' });
  origin.git('checkout', '-q', '--detach');
  commits['loose'] = origin.commit({ 'lib/index.js': 'loose' });
  origin.git('checkout', '-q', 'main');
  repositories = new GitRepositories({
    cacheDir: path.join(folder.path, 'cache'),
    mirrors: [path.join(folder.path, 'git', '{path}')],
  });
});
afterAll(() => folder.dispose());

async function commitOf(text: string, instant = NOW): Promise<string | null> {
  const dependency = parseGitDependency(text);
  if (dependency === null) throw new Error(`${text} is no git dependency`);
  return (await repositories.placeOf(dependency, instant))?.commit ?? null;
}

it('a tag, a branch, a range and the beginning of an id lead to one commit', async () => {
  expect(await commitOf('owner/leaf#v1.1.0')).toBe(commits['1.1.0']);
  expect(await commitOf('owner/leaf#main')).toBe(commits['tip']);
  expect(await commitOf('owner/leaf')).toBe(commits['tip']);
  expect(await commitOf('owner/leaf#semver:^1.0.0')).toBe(commits['1.1.0']);
  expect(await commitOf(`owner/leaf#${commits['2.0.0']?.slice(0, 10) ?? ''}`)).toBe(commits['2.0.0']);
});

it('a branch and a range lead to what they led to at the time', async () => {
  const early = origin.git('show', '-s', '--format=%cI', commits['1.0.0'] ?? '');
  expect(await commitOf('owner/leaf#main', early)).toBe(commits['1.0.0']);
  expect(await commitOf('owner/leaf#semver:>=1', early)).toBe(commits['1.0.0']);
  expect(await commitOf('owner/leaf', '2000-01-01T00:00:00Z')).toBeNull();
});

it('a commit that no branch and no tag holds is taken by its full id, as lockfiles name it', async () => {
  expect(await commitOf(`owner/leaf#${commits['loose'] ?? ''}`)).toBe(commits['loose']);
});

it('what cannot be had is null: no such tag, commit or repository', async () => {
  expect(await commitOf('owner/leaf#v9')).toBeNull();
  expect(await commitOf(`owner/leaf#${'0'.repeat(40)}`)).toBeNull();
  expect(await commitOf('git+https://127.0.0.1:1/owner/gone.git#v1')).toBeNull();
});

it('a place is packed with everything below one folder, the same bytes each time', async () => {
  const place = parsePlace(`github.com/owner/leaf/${commits['1.0.0'] ?? ''}`);
  if (place === null) throw new Error('the place of the test cannot be read');
  expect(parsePlace(textOfPlace(place))).toEqual(place);
  const packed = await repositories.pack(place, folder.path);
  const archive = readArchive(packed?.bytes ?? new Uint8Array());
  const entries = archive.ok ? archive.value.entries.map((entry) => entry.path) : [];
  expect(entries.toSorted()).toEqual(expect.arrayContaining(['lib/index.js', 'package.json']));
  expect(gunzipSync(packed?.bytes ?? '').toString('latin1')).toContain('package/lib/index.js');
  expect((await repositories.pack(place, folder.path))?.bytes).toEqual(packed?.bytes);
});

it.each(['', 'github.com/owner/leaf', 'github.com/owner/leaf/v1.0.0'])('%j is no place', (text) => {
  expect(parsePlace(text)).toBeNull();
});
