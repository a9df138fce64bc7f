import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../support/artifacts.ts';
import { plansOf } from '../../support/planning.ts';

describe('what a release tool does before it packs', () => {
  it('is done again: the licence of the root is copied only where it is the very same file', async () => {
    const { steps, plans } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        LICENSE: 'MIT',
        README: 'another text',
        'packages/pkg/package.json': { name: 'pkg' },
      },
      published: '1.0.0',
      archive: { 'package.json': '{"name":"pkg","version":"1.0.0"}', LICENSE: 'MIT', README: 'a text' },
      directory: 'packages/pkg',
      unexplained: { LICENSE: 'read-by-people', README: 'read-by-people' },
    });
    expect(steps[0]?.filter((step) => step.includes(' cp '))).toEqual([
      'build /work/source/packages/pkg: cp -- /work/source/LICENSE /work/source/packages/pkg/LICENSE',
    ]);
    expect(plans[0]?.evidence).toContainEqual(expect.objectContaining({ kind: 'copied-from-root' }));
  });

  it('is done again where pnpm packs, but for the licence, which that takes from the root itself', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        LICENSE: 'MIT',
        'README.md': 'a text',
        'packages/pkg/package.json': { name: 'pkg' },
      },
      packer: 'pnpm',
      archive: { 'package.json': '{"name":"pkg","version":"1.0.0"}', LICENSE: 'MIT', 'README.md': 'a text' },
      directory: 'packages/pkg',
      unexplained: { LICENSE: 'read-by-people', 'README.md': 'read-by-people' },
    });
    expect(steps[0]?.filter((step) => step.includes(' cp '))).toEqual([
      'build /work/source/packages/pkg: cp -- /work/source/README.md /work/source/packages/pkg/README.md',
    ]);
  });

  /** Plans for a package that needs others of its repository, whose version is set and whose needed ranges were published anew. */
  function withSiblings(
    ranges: { readonly committed: Readonly<Record<string, string>>; readonly published: object },
    tags: readonly string[],
  ) {
    const packed = {
      name: 'pkg',
      version: '1.0.0',
      dependencies: { ...ranges.committed, ...ranges.published },
    };
    return plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        'packages/pkg/package.json': { name: 'pkg', version: '0.9.0', dependencies: ranges.committed },
        'packages/two/package.json': { name: 'two' },
        'packages/three/package.json': { name: 'three' },
      },
      directory: 'packages/pkg',
      tags,
      archive: { 'package.json': JSON.stringify(packed) },
    });
  }

  it.each([
    ['that of its newest tag', 'two@2.10.0', '^2.10.0'],
    ['that of an older tag, where the newest names no package', 'v2.10.0', '^2.9.0'],
  ])('the version of another package is %s', async (_what, tag, two) => {
    const committed = { two: '^1.0.0', three: '~1.0.0', other: '^1.0.0' };
    const tags = ['two@2.9.0', tag, 'two@3.0.0-rc.1', 'other@9.0.0', 'not-two@7.0.0'];
    const { steps, plans } = await withSiblings({ committed, published: { two: '^8.8.8' } }, tags);
    const written = { dependencies: { ...committed, two } };
    expect(steps[0]?.join('\n')).toContain(`tables.cjs ${JSON.stringify(written)}`);
    expect(plans[0]?.evidence).toContainEqual(expect.objectContaining({ kind: 'sibling-versions' }));
  });

  it.each([
    ['no tag tells it', { two: '^1.0.0' }, ['v2.0.0', 'two@latest']],
    ['ranges of the workspace stand beside it', { two: '^1.0.0', three: 'workspace:^' }, ['two@2.0.0']],
  ])('the version of another package is left where %s', async (_what, committed, tags) => {
    const { plans } = await withSiblings({ committed, published: { two: '^2.0.0', three: '^1.0.0' } }, tags);
    expect(plans[0]?.evidence.map(({ kind }) => kind)).not.toContain('sibling-versions');
  });

  it.each([
    ['is written anew where none was published', '1.0.0', true],
    ['is left where it was published', 'workspace:*', false],
  ])('a range of the workspace %s', async (_what, range, isWritten) => {
    const manifest = { name: 'pkg', devDependencies: { other: 'workspace:*' } };
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        'packages/pkg/package.json': manifest,
        'packages/other/package.json': { name: 'other' },
      },
      directory: 'packages/pkg',
      archive: {
        'package.json': JSON.stringify({ ...manifest, version: '1.0.0', devDependencies: { other: range } }),
      },
    });
    expect(steps[0]?.some((step) => step.includes('/opt/inside/tables.cjs'))).toBe(isWritten);
  });

  it.each([
    ['the manifest has none', {}],
    ['the manifest has an old one', { gitHead: 'e'.repeat(40) }],
  ])('is done again: the commit is written where one is published and %s', async (_what, old) => {
    const gitHead = 'f'.repeat(40);
    const { plans } = await plansOf({
      files: { 'package.json': { name: 'pkg', ...old } },
      archive: { 'package.json': JSON.stringify({ name: 'pkg', version: '1.0.0', gitHead }) },
      unexplained: { 'package.json': 'data' },
    });
    const [argv = []] =
      plans[0]?.steps.flatMap((step) => (step.name === 'set gitHead' ? [step.argv] : [])) ?? [];
    // The commit that is rebuilt, never the one that the archive claims.
    expect(argv.slice(1)).toEqual([
      '/opt/inside/manifest.cjs',
      'gitHead',
      plans[0] && sourceOf({}, '.').commit,
    ]);
  });
});
