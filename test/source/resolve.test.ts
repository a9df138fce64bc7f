import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageJsonReader } from '../../builders/npm/manifest.ts';
import { deadlineIn } from '../../src/deadline.ts';
import { gitBlobId } from '../../src/published/digests.ts';
import { type ResolveOptions, resolveSource, type SourceClaims } from '../../src/source/resolve.ts';
import { TestRepository, temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

let count = 0;
function newRepository(): { repository: TestRepository; name: string } {
  count += 1;
  const name = `r${count}`;
  return { repository: new TestRepository(path.join(folder.path, 'git', name)), name };
}

function resolve(
  name: string,
  claims: Partial<SourceClaims>,
  commit: string | null = null,
  {
    deadline = deadlineIn(300_000),
    mirror = path.join(folder.path, 'git', '{name}'),
    contradictions = () => [],
  }: Partial<Pick<ResolveOptions, 'deadline' | 'contradictions'>> & { mirror?: string } = {},
) {
  const url = `https://git.example/owner/${name}`;
  return resolveSource({
    claims: {
      name: 'pkg',
      version: '1.2.3',
      repository: `git+${url}.git`,
      directory: null,
      otherRepositories: [],
      commits: [],
      manifest: packageJsonReader,
      ...claims,
    },
    override: commit === null ? null : { repository: url, commit },
    mirrors: [mirror],
    cacheDir: path.join(folder.path, 'cache'),
    deadline,
    contradictions,
  });
}

async function resolved(...args: Parameters<typeof resolve>) {
  const outcome = await resolve(...args);
  if (!outcome.ok) throw new Error(`${outcome.reason.code}: ${outcome.reason.message}`);
  return outcome.value;
}

async function reasonOf(...args: Parameters<typeof resolve>) {
  const outcome = await resolve(...args);
  return outcome.ok ? null : outcome.reason.code;
}

const MANIFEST = { name: 'pkg', version: '1.2.3' };

describe('the commit', () => {
  it.each(['v1.2.3', '1.2.3', 'pkg@1.2.3', 'pkg-v1.2.3', 'pkg/v1.2.3', 'release-1.2.3'])(
    'is found by tag %s',
    async (tag) => {
      const { repository, name } = newRepository();
      repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.2' } });
      const commit = repository.commit({ 'package.json': MANIFEST });
      repository.tag(tag);
      repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.4' } });
      const { candidates, signals } = await resolved(name, {});
      expect(candidates.map((one) => [one.commit, one.ref])).toEqual([[commit, `refs/tags/${tag}`]]);
      expect(signals).toEqual([]);
    },
  );

  it('is found by the tag of a scoped package in a repository of many', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'packages/other/package.json': { name: '@s/other', version: '1.2.3' } });
    repository.tag('@s/other@1.2.3');
    const commit = repository.commit({ 'packages/pkg/package.json': { name: '@s/pkg', version: '1.2.3' } });
    repository.tag('@s/pkg@1.2.3');
    const { candidates } = await resolved(name, { name: '@s/pkg' });
    expect(candidates.map((one) => [one.commit, one.directory])).toEqual([[commit, 'packages/pkg']]);
  });

  it.each([
    { what: "not a neighbour's tag where the package has another version", version: '0.5.4', count: 0 },
    { what: "a neighbour's tag where both are released together", version: '1.2.3', count: 1 },
    { what: "a neighbour's tag where versions are set on release", version: '0.0.0-development', count: 1 },
  ])('is $what', async ({ version, count: wanted }) => {
    const { repository, name } = newRepository();
    repository.commit({ 'packages/pkg/package.json': { name: '@s/pkg', version: '0.5.3' } });
    const commit = repository.commit({
      'packages/other/package.json': { name: '@s/other', version: '1.2.3' },
      'packages/pkg/package.json': { name: '@s/pkg', version },
    });
    repository.tag('@s/other@1.2.3');
    const outcome = await resolve(name, { name: '@s/pkg' });
    const found = outcome.ok ? outcome.value.candidates.map((one) => one.commit) : [outcome.reason.code];
    expect(found).toEqual(wanted === 0 ? ['source-not-found'] : [commit]);
  });

  it('is taken from gitHead before a tag, and a disagreement is told', async () => {
    const { repository, name } = newRepository();
    const head = repository.commit({ 'package.json': MANIFEST });
    const tagged = repository.commit({ 'package.json': MANIFEST, 'index.js': '1' });
    repository.tag('v1.2.3');
    const evidence = { kind: 'git-head', detail: 'gitHead' };
    const { candidates, signals } = await resolved(name, { commits: [{ commit: head, evidence }] });
    expect(candidates.map((one) => one.commit)).toEqual([head, tagged]);
    expect(signals.map((one) => one.kind)).toEqual(['source-evidence-disagrees']);
  });

  it('is the one that set the version when no tag names it', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.2' } });
    const commit = repository.commit({ 'package.json': MANIFEST });
    repository.commit({ 'index.js': 'later' });
    const { candidates } = await resolved(name, {});
    expect(candidates.map((one) => one.commit)).toEqual([commit]);
    expect(candidates[0]?.evidence[0]?.kind).toBe('version-commit');
  });

  it.each([
    { what: 'goes first where its files fit better', misfits: [0, 2], order: [0, 1] },
    { what: 'comes after the tagged one where its files fit no better', misfits: [1, 1], order: [1, 0] },
    { what: 'is not asked for where the tagged one fits', misfits: [0, 0], order: [1] },
  ])('that set the version $what', async ({ misfits, order }) => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.2' } });
    const commits = [
      repository.commit({ 'package.json': MANIFEST }),
      repository.commit({ 'index.js': 'later' }),
    ];
    repository.tag('v1.2.3');
    const contradictions: ResolveOptions['contradictions'] = ({ commit }) =>
      Array.from({ length: misfits[commits.indexOf(commit)] ?? 0 }, () => ({ file: 'built.js', blobId: '' }));
    const { candidates, signals } = await resolved(name, {}, null, { contradictions });
    expect(candidates.map((one) => one.commit)).toEqual(order.map((index) => commits[index]));
    expect(signals).toEqual([]);
  });

  it('that set the version again, on the main branch, goes before a tag on none where it fits better', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.2' } });
    repository.git('checkout', '-q', '-b', 'aside');
    const tagged = repository.commit({ 'package.json': MANIFEST });
    repository.tag('v1.2.3');
    repository.git('checkout', '-q', 'main');
    repository.git('branch', '-q', '-D', 'aside');
    repository.commit({ 'index.js': 'published' });
    const rebased = repository.commit({ 'package.json': MANIFEST });
    const contradictions: ResolveOptions['contradictions'] = ({ commit }) =>
      (commit === tagged ? ['README.md', 'index.js'] : ['README.md']).map((file) => ({ file, blobId: '' }));
    const { candidates } = await resolved(name, {}, null, { contradictions });
    expect(candidates.map((one) => one.commit)).toEqual([rebased, tagged]);
  });

  it('that sets the version under another name is not it, but the one that gives the name back', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.2' } });
    repository.commit({ 'package.json': { ...MANIFEST, name: '@fork/pkg' } });
    const commit = repository.commit({ 'package.json': MANIFEST });
    repository.commit({ 'index.js': 'later' });
    expect((await resolved(name, {})).candidates.map((one) => one.commit)).toEqual([commit]);
  });

  it('that sets the version at the root counts for packages that follow it', async () => {
    const { repository, name } = newRepository();
    const member = { 'packages/pkg/package.json': { ...MANIFEST, version: '0.0.0' } };
    repository.commit({ ...member, 'package.json': { name: 'root', version: '1.2.2' } });
    const commit = repository.commit({ 'package.json': { name: 'root', version: '1.2.3' } });
    const { candidates } = await resolved(name, {});
    expect(candidates.map((one) => [one.commit, one.directory])).toEqual([[commit, 'packages/pkg']]);
  });

  describe('that has the files as they were published', () => {
    async function withTagBefore(published: string, branch = 'main') {
      const { repository, name } = newRepository();
      repository.commit({ 'package.json': MANIFEST, 'index.js': 'tagged' });
      repository.tag('v1.2.3');
      if (branch !== 'main') repository.git('checkout', '-q', '-b', branch);
      const commits = [
        repository.commit({ 'index.js': 'published', 'other.js': '1' }),
        repository.commit({ 'other.js': '2' }),
        repository.commit({ 'package.json': { ...MANIFEST, version: '1.2.4' }, 'index.js': 'later' }),
      ];
      const blobId = gitBlobId(new TextEncoder().encode(published));
      const contradictions: ResolveOptions['contradictions'] = ({ tree }) =>
        tree
          .filter((file) => file.path === 'index.js' && file.blobId !== blobId)
          .map(({ path: file }) => ({ file, blobId }));
      return { commits, outcome: await resolved(name, {}, null, { contradictions }) };
    }

    it('comes before the tagged one that has other files, and that is told', async () => {
      const { commits, outcome } = await withTagBefore('published');
      expect(outcome.candidates.map(({ commit }) => commit)).toEqual([commits[0], expect.any(String)]);
      expect(outcome.candidates[0]?.evidence[0]).toEqual({
        kind: 'matching-files',
        detail: 'index.js is in this commit as it was published',
      });
      expect(outcome.signals.map(({ kind }) => kind)).toEqual(['source-evidence-disagrees']);
    });

    it('is the one where the last of many files came to be so', async () => {
      const { repository, name } = newRepository();
      const names = ['1.js', '2.js', '3.js', '4.js', '5.js', 'last.js'];
      const all = (content: string) => Object.fromEntries(names.map((one) => [one, content]));
      repository.commit({ 'package.json': MANIFEST, ...all('old') });
      repository.commit({ ...all('published'), 'last.js': 'old' });
      const commit = repository.commit({ 'last.js': 'published' });
      repository.commit(all('tagged'));
      repository.tag('v1.2.3');
      const blobId = gitBlobId(new TextEncoder().encode('published'));
      const contradictions: ResolveOptions['contradictions'] = ({ tree }) =>
        tree
          .filter((file) => names.includes(file.path) && file.blobId !== blobId)
          .map(({ path: file }) => ({ file, blobId }));
      const { candidates } = await resolved(name, {}, null, { contradictions });
      expect(candidates[0]?.commit).toBe(commit);
    });

    it('may be a merge, to which the file came from the other side', async () => {
      const { repository, name } = newRepository();
      const base = repository.commit({
        'package.json': { ...MANIFEST, version: '1.2.2' },
        'index.js': 'old',
      });
      repository.git('checkout', '-q', '-b', 'side');
      repository.commit({ 'index.js': 'published' });
      repository.git('checkout', '-q', 'main');
      repository.commit({ 'package.json': MANIFEST });
      repository.tag('v1.2.3');
      repository.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
      const merge = repository.git('rev-parse', 'HEAD');
      const blobId = gitBlobId(new TextEncoder().encode('published'));
      const contradictions: ResolveOptions['contradictions'] = ({ tree }) =>
        tree
          .filter((file) => file.path === 'index.js' && file.blobId !== blobId)
          .map(({ path: file }) => ({ file, blobId }));
      const { candidates } = await resolved(name, {}, null, { contradictions });
      expect(base).not.toBe(merge);
      expect(candidates[0]?.commit).toBe(merge);
    });

    it.each([
      ['is none where it states another version', 'later', 'main'],
      ['is none where no commit has them', 'evil()', 'main'],
      ['is none on another branch than the main one', 'published', 'proposal'],
    ])('%s', async (_, published, branch) => {
      const { outcome } = await withTagBefore(published, branch);
      expect(outcome.candidates.map(({ ref }) => ref)).toEqual(['refs/tags/v1.2.3']);
      expect(outcome.signals).toEqual([]);
    });
  });

  it('is told not to state the version when it does not', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '0.0.0-development' } });
    repository.tag('v1.2.3');
    expect((await resolved(name, {})).signals.map((one) => one.kind)).toEqual(['version-not-in-source']);
  });

  it('is followed when a tag moved since the last look', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': MANIFEST });
    repository.tag('v1.2.3');
    await resolved(name, {});
    const moved = repository.commit({ 'package.json': MANIFEST, 'index.js': 'moved' });
    repository.git('tag', '-f', 'v1.2.3');
    expect((await resolved(name, {})).candidates.map((one) => one.commit)).toEqual([moved]);
  });

  it('can be named by the user', async () => {
    const { repository, name } = newRepository();
    const commit = repository.commit({ 'package.json': MANIFEST });
    repository.git('branch', 'feature');
    expect((await resolved(name, {}, 'feature')).candidates[0]?.commit).toBe(commit);
    expect(await reasonOf(name, {}, '--upload-pack=touch')).toBe('source-not-found');
  });
});

/** A repository whose release is tagged, and a commit that once was on a branch. */
function withGhost() {
  const { repository, name } = newRepository();
  repository.commit({ 'package.json': MANIFEST });
  repository.tag('v1.2.3');
  repository.git('checkout', '-q', '-b', 'gone');
  const ghost = repository.commit({ 'package.json': MANIFEST, 'index.js': 'steal();' });
  repository.git('checkout', '-q', 'main');
  repository.git('branch', '-q', '-D', 'gone');
  return { repository, name, ghost, tagged: repository.git('rev-parse', 'main') };
}

describe('a commit that no branch and no tag holds', () => {
  const evidence = { kind: 'git-head', detail: 'the registry names it as gitHead' };

  it('is not used because the registry names it, and that is told', async () => {
    const { name, ghost, tagged } = withGhost();
    const { candidates, signals } = await resolved(name, { commits: [{ commit: ghost, evidence }] });
    expect(candidates.map((one) => one.commit)).toEqual([tagged]);
    expect(signals.map((one) => one.kind)).toEqual(['commit-on-no-branch']);
    expect(signals[0]?.message).toContain(ghost);
  });

  it('is told where nothing else names the version', async () => {
    const { name, ghost } = withGhost();
    const outcome = await resolve(name, { version: '3.0.0', commits: [{ commit: ghost, evidence }] });
    expect(outcome.ok ? null : outcome.reason.code).toBe('source-not-found');
    expect(outcome.ok ? null : outcome.reason.message).toContain(ghost);
  });

  it('is used when the user names it, and the result says so', async () => {
    const { name, ghost } = withGhost();
    const { candidates, signals, repository } = await resolved(name, {}, ghost);
    expect(candidates.map((one) => one.commit)).toEqual([ghost]);
    expect(candidates[0]?.evidence[0]?.detail).toContain('no branch and no tag');
    expect(signals.map((one) => one.kind)).toEqual(['commit-on-no-branch']);
    expect(await repository.readText(ghost, 'index.js')).toBe('steal();');
    // Nor has it come into the copy that other runs look at.
    expect((await resolved(name, { commits: [{ commit: ghost, evidence }] })).signals).toHaveLength(1);
  });

  it('that does not exist is no source', async () => {
    expect(await reasonOf(withGhost().name, {}, 'ab'.repeat(20))).toBe('source-not-found');
  });
});

describe('a repository that can be had only in part', () => {
  it('still gives the tagged commit, and a claimed one that is the tip of a branch', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': MANIFEST });
    repository.git('tag', '-a', '-m', 'release', 'v1.2.3');
    const tagged = repository.git('rev-parse', 'HEAD');
    repository.commit({ 'big.bin': 'x'.repeat(1000) });
    const blob = repository.git('rev-parse', 'HEAD:big.bin');
    repository.git('rm', '-q', 'big.bin');
    const tip = repository.commit({ 'index.js': 'later' });
    rmSync(path.join(repository.directory, '.git', 'objects', blob.slice(0, 2), blob.slice(2)));
    const evidence = { kind: 'git-head', detail: 'gitHead' };
    const claims = { commits: [{ commit: tip, evidence }] };
    // Not as a folder, which would lend its objects: a remote can only be asked.
    const mirror = `file://${folder.path}/git/{name}`;
    const { candidates, signals } = await resolved(name, claims, null, { mirror });
    expect(candidates.map((one) => one.commit)).toEqual([tip, tagged]);
    expect(signals.map((one) => one.kind)).toContain('repository-incomplete');
  });
});

describe('the time of a run', () => {
  it('that is over before the source is read is told as such', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': MANIFEST });
    repository.tag('v1.2.3');
    expect(await reasonOf(name, {}, null, { deadline: deadlineIn(0) })).toBe('timed-out');
  });
});

describe('the directory', () => {
  it('is the stated one', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': MANIFEST, 'sub/package.json': MANIFEST });
    repository.tag('v1.2.3');
    expect((await resolved(name, { directory: './sub/' })).candidates[0]?.directory).toBe('sub');
  });

  it('is found by name when the stated one is wrong, and not in a test folder', async () => {
    const { repository, name } = newRepository();
    repository.commit({
      'package.json': { name: 'root', private: true },
      'test/package.json': MANIFEST,
      'packages/deeper/pkg/package.json': MANIFEST,
    });
    repository.tag('v1.2.3');
    expect((await resolved(name, { directory: 'gone' })).candidates[0]?.directory).toBe(
      'packages/deeper/pkg',
    );
  });

  it.each([
    ['of a workspace, when the root of that name is private', true, {}, 'packages/pkg'],
    ['the root, when it may be published', false, {}, '.'],
    ['the root, when both are private', true, { private: true }, '.'],
  ])('is that %s', async (_, isPrivate, own, directory) => {
    const { repository, name } = newRepository();
    repository.commit({
      'package.json': { ...MANIFEST, private: isPrivate },
      'test/package.json': MANIFEST,
      'packages/pkg/package.json': { ...MANIFEST, ...own },
    });
    repository.tag('v1.2.3');
    expect((await resolved(name, {})).candidates[0]?.directory).toBe(directory);
  });

  it.each([
    ['no tag', null],
    ['the tag of a neighbour that does not hold it', 'v1.2.3'],
  ])('without the document naming it is found by where it lies now: %s', async (_, tag) => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { name: 'root', version: '1.2.3' } });
    if (tag !== null) repository.tag(tag);
    repository.commit({ 'lib/pkg/package.json': { ...MANIFEST, version: '1.2.2' } });
    const commit = repository.commit({ 'lib/pkg/package.json': MANIFEST });
    repository.commit({ 'lib/pkg/package.json': { ...MANIFEST, version: '1.2.4' } });
    const { candidates, signals } = await resolved(name, {});
    expect(candidates.map((one) => [one.commit, one.directory])).toEqual([[commit, 'lib/pkg']]);
    expect(signals).toEqual([]);
  });

  it('outside of the repository is not looked at', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': MANIFEST });
    repository.tag('v1.2.3');
    expect((await resolved(name, { directory: '../../etc' })).candidates[0]?.directory).toBe('.');
  });
});

describe('no source', () => {
  it('without a repository, or with one that is no repository', async () => {
    expect(await reasonOf('x', { repository: null })).toBe('no-repository');
    for (const repository of [
      'file:///etc',
      '/etc/passwd',
      '--upload-pack=x',
      'ext::sh -c id',
      'git@host:-x/$(id)',
    ]) {
      expect([repository, await reasonOf('x', { repository })]).toEqual([repository, 'no-repository']);
    }
  });

  it('when the repository is gone', async () => {
    expect(await reasonOf('gone', {})).toBe('repository-unreachable');
  });

  it('when nothing names the version', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { ...MANIFEST, version: '1.0.0' } });
    repository.tag('v1.0.0');
    expect(await reasonOf(name, {})).toBe('source-not-found');
  });

  it('when the only tag of the version is that of a neighbour, which is no claim to a repository of others', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { name: 'root', version: '1.2.3' } });
    repository.tag('v1.2.3');
    repository.commit({ 'lib/pkg/package.json': { ...MANIFEST, version: '1.2.2' } });
    const outcome = await resolve(name, {});
    expect(outcome).toMatchObject({ ok: false, reason: { code: 'source-not-found' }, signals: [] });
  });

  it('when the repository does not know the package (starjacking)', async () => {
    const { repository, name } = newRepository();
    repository.commit({ 'package.json': { name: 'famous', version: '1.2.3' } });
    repository.tag('v1.2.3');
    expect(await reasonOf(name, {})).toBe('source-mismatch');
  });
});
