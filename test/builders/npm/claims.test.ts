import { describe, expect, it } from 'vitest';
import { sourceClaims } from '../../../builders/npm/claims.ts';
import { archiveOf } from '../../support/artifacts.ts';
import { gzipOf, paxHeader, tarEntry, tarOf } from '../../support/tarball.ts';
import { parseDocument, versionOf } from '../../../builders/npm/registry/document.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The claims of a version whose registry document says this. */
function claimsOf(
  stated: Readonly<Record<string, unknown>>,
  parts: readonly Buffer[] = [tarEntry({ name: 'package/package.json' })],
) {
  const version = { name: 'x', version: '1.0.0', dist: { tarball: 'https://r.example/x.tgz' }, ...stated };
  const bytes = Buffer.from(JSON.stringify({ name: 'x', versions: { '1.0.0': version } }));
  const packument = parseDocument(bytes, {
    name: 'x',
    registry: 'https://r.example/',
    fetchedAt: new Date(),
  });
  const document = versionOf(packument, '1.0.0');
  return sourceClaims({
    name: 'x',
    version: '1.0.0',
    document,
    packed: null,
    provenance: null,
    archive: archiveOf(gzipOf(tarOf(parts))),
    history: null,
  });
}

describe('a gitHead', () => {
  it('is taken when it is a full commit id', () => {
    expect(claimsOf({ gitHead: COMMIT }).commits).toMatchObject([{ commit: COMMIT }]);
  });
  it.each([
    'HEAD',
    'HEAD~1',
    ':/steal',
    '@{-1}',
    `${COMMIT}^`,
    COMMIT.slice(0, 12),
    `${COMMIT}\n`,
    `${COMMIT}\0`,
    '--all',
    'a'.repeat(200_000),
  ])('that is %j is none', (gitHead) => {
    expect(claimsOf({ gitHead }).commits).toEqual([]);
  });
});

describe('an archive that git made', () => {
  const folder = tarEntry({ name: 'owner-x-0123abc/', type: '5' });
  const file = tarEntry({ name: 'owner-x-0123abc/package.json' });
  const comment = (text: string) => paxHeader({ comment: text }, 'g');

  it('names its commit', () => {
    expect(claimsOf({}, [comment(COMMIT), folder, file]).commits).toMatchObject([{ commit: COMMIT }]);
  });
  it.each([
    ['no commit id', [comment('HEAD'), folder, file]],
    ['a commit id behind the first entry', [folder, comment(COMMIT), file]],
    ['a second folder', [comment(COMMIT), folder, tarEntry({ name: 'package/package.json' })]],
    ['a folder that is an option', [comment(COMMIT), tarEntry({ name: '--exec=x/package.json' })]],
  ])('is none with %s', (_, parts) => {
    expect(claimsOf({}, parts).commits).toEqual([]);
  });
});

describe('a repository', () => {
  const url = 'https://git.example/a/b';
  it('is taken with its directory', () => {
    const claims = claimsOf({ repository: { url, directory: 'packages/x' } });
    expect([claims.repository, claims.directory]).toEqual([url, 'packages/x']);
  });
  it.each(['a\0b', 'a\nb', 'a\u009bb', 'a'.repeat(200_000)])('has no directory %j', (directory) => {
    expect(claimsOf({ repository: { url, directory } }).directory).toBeNull();
  });
  it.each([`${url}\0`, `${url}\r`, `${url}${'a'.repeat(2000)}`])('cannot be %j', (bad) => {
    expect(claimsOf({ repository: bad }).repository).toBeNull();
  });
  it('named by the address of a page can have a directory, but no endless one', () => {
    expect(claimsOf({ repository: `${url}/tree/main/packages/x/` }).directory).toBe('packages/x');
    expect(claimsOf({ repository: `${url}/tree/main/${'a/'.repeat(1000)}` }).directory).toBeNull();
  });
});
