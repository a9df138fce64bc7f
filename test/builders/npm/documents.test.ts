import { expect, it } from 'vitest';
import { documentsOfCommit } from '../../../builders/npm/documents.ts';
import { publishedOf, sourceOf } from '../../support/artifacts.ts';
import { npmTarball } from '../../support/tarball.ts';

const COMMIT = {
  LICENSE: 'free',
  'README.md': 'all packages',
  'index.js': '',
  'packages/lib/README.md': 'this package',
  'packages/lib/CHANGELOG.md': 'news',
};

const documents = (published: Readonly<Record<string, string>>) =>
  documentsOfCommit({
    published: publishedOf(npmTarball(published), '1.0.0'),
    source: { ...sourceOf(COMMIT), directory: 'packages/lib' },
  });

it('files for people are found where the commit has their very bytes: with the package, or in the root', () => {
  expect(documents({ LICENSE: 'free', 'README.md': 'all packages', 'CHANGELOG.md': 'news' })).toEqual([
    'LICENSE',
    'README.md',
    'packages/lib/CHANGELOG.md',
  ]);
  expect(documents({ 'README.md': 'this package' })).toEqual(['packages/lib/README.md']);
});

it.each(['history.js', 'license.json', 'SECURITY.d.ts', 'readme.mjs', 'authors.node'])(
  'what runs is none: %s',
  (name) => {
    const published = { ...COMMIT, [name]: 'x' };
    const source = { ...sourceOf({ [name]: 'x' }), directory: '.' };
    expect(documentsOfCommit({ published: publishedOf(npmTarball(published), '1.0.0'), source })).toEqual([]);
  },
);

it('other bytes, other files and other folders are not', () => {
  expect(documents({ LICENSE: 'not free', 'index.js': '', 'docs/README.md': 'all packages' })).toEqual([]);
});
