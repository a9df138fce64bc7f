import { describe, expect, test } from 'vitest';
import { gitBlobId } from '../../src/published/digests.ts';
import { contradictedByCommit, lineEnds, unexplainedByCommit } from '../../src/compare/explained.ts';
import { archiveOf, compareTarballs, sourceOf } from '../support/artifacts.ts';
import { gzipOf, npmTar, npmTarball, tarball, tarEntry, tarOf } from '../support/tarball.ts';

const FILES = { 'package.json': '{"name":"a"}', 'index.js': 'ok()', 'dist/x.js': 'built()' };
const COMMIT = { 'package.json': FILES['package.json'], 'index.js': FILES['index.js'] };
const honest = npmTarball(FILES);

describe('levels', () => {
  test('bytes', () => {
    const comparison = compareTarballs({ published: honest, rebuilt: Buffer.from(honest), commit: COMMIT });
    expect(comparison).toMatchObject({ level: 'bytes', differences: [], wrapping: [] });
    expect(comparison.origins).toEqual({
      'package.json': 'verbatim',
      'index.js': 'verbatim',
      'dist/x.js': 'rebuilt',
    });
  });
  test('tar: another gzip header', () => {
    const { level, wrapping } = compareTarballs({
      published: honest,
      rebuilt: gzipOf(npmTar(FILES), { extraFlags: 0, operatingSystem: 3 }),
    });
    expect(level).toBe('tar');
    expect(wrapping).toEqual([
      'gzip compression level (XFL): 2 instead of 0',
      'gzip operating system: 255 instead of 3',
    ]);
  });
  test('contents: another order, time, owner, first component, folders', () => {
    const other = tarball([
      tarEntry({ name: 'node/', type: '5', uid: 501, mtime: 1 }),
      tarEntry({ name: 'node/dist/', type: '5', uid: 501, mtime: 1 }),
      ...Object.entries(FILES)
        .toReversed()
        .map(([path, content]) =>
          tarEntry({ name: `node/${path}`, content, uid: 501, mtime: 1, userName: 'me' }),
        ),
    ]);
    const { level, wrapping } = compareTarballs({ published: other, rebuilt: honest });
    expect(level).toBe('contents');
    expect(wrapping.join('\n')).toBe(
      [
        'folder entries: 2 instead of 0',
        'the order of entries',
        'stored names (first component): node/dist/x.js instead of package/dist/x.js, and 2 more',
        'modification times: 1 instead of 499162500, and 2 more',
        'user ids: 501 instead of blank, and 2 more',
        'group ids: 501 instead of blank, and 2 more',
        'user names: me instead of , and 2 more',
      ].join('\n'),
    );
  });
  test('contents: only unused bytes of the tar stream', () => {
    const { level, wrapping } = compareTarballs({
      published: gzipOf(Buffer.concat([npmTar(FILES), Buffer.alloc(1024)])),
      rebuilt: honest,
    });
    expect([level, ...wrapping]).toEqual(['contents', 'bytes of the tar stream outside of its entries']);
  });
  test('normalized: the manifest written again', () => {
    const { level, normalizers, origins, wrapping } = compareTarballs({
      published: npmTarball({ ...FILES, 'package.json': '{\n  "name": "a"\n}' }),
      rebuilt: honest,
      commit: COMMIT,
    });
    expect([level, ...wrapping]).toEqual(['normalized']);
    expect(normalizers).toMatchObject([{ name: 'json-formatting', path: 'package.json' }]);
    expect(origins['package.json']).toBe('normalized');
  });
  test('none: an empty folder more', () => {
    const { level, differences } = compareTarballs({
      published: tarball([tarEntry({ name: 'package/a' }), tarEntry({ name: 'package/empty/', type: '5' })]),
      rebuilt: tarball([tarEntry({ name: 'package/a' })]),
    });
    expect(level).toBeNull();
    expect(differences).toMatchObject([{ kind: 'added', path: 'empty' }]);
  });
});

describe('differences', () => {
  const differing = (published: Buffer, commit = {}) =>
    compareTarballs({ published, rebuilt: honest, commit });

  test('a new file only', () => {
    const { level, differences, origins } = differing(npmTarball({ ...FILES, 'evil.js': 'x' }));
    expect(level).toBeNull();
    expect(differences).toMatchObject([{ kind: 'added', path: 'evil.js', rebuilt: null, inCommit: false }]);
    expect(origins['evil.js']).toBe('unexplained');
  });
  test('a file that is not published', () => {
    const { differences, origins } = differing(
      npmTarball({ 'package.json': FILES['package.json'], 'index.js': 'ok()' }),
    );
    expect(differences).toMatchObject([{ kind: 'missing', path: 'dist/x.js', published: null }]);
    expect(origins).not.toHaveProperty('dist/x.js');
  });
  test('three lines prepended to a built file', () => {
    const { differences } = differing(npmTarball({ ...FILES, 'dist/x.js': 'evil()\n\n\nbuilt()' }));
    expect(differences).toMatchObject([{ kind: 'content', path: 'dist/x.js' }]);
  });
  test('one byte of a native file', () => {
    const native = (byte: number) => npmTarball({ 'a.node': Buffer.from([0x7f, 0x45, 0x4c, 0x46, byte]) });
    expect(compareTarballs({ published: native(1), rebuilt: native(2) }).differences).toMatchObject([
      { kind: 'content', path: 'a.node' },
    ]);
  });
  test('a mode bit only, although the bytes are verbatim', () => {
    const published = tarball([tarEntry({ name: 'package/a.js', content: 'a', mode: 0o755 })]);
    const rebuilt = tarball([tarEntry({ name: 'package/a.js', content: 'a' })]);
    const { level, differences, origins } = compareTarballs({ published, rebuilt, commit: { 'a.js': 'a' } });
    expect(level).toBeNull();
    expect(differences).toMatchObject([
      { kind: 'mode', path: 'a.js', published: { mode: 0o755 }, rebuilt: { mode: 0o644 } },
    ]);
    expect(origins['a.js']).toBe('verbatim');
  });
  test.each([
    ['everybody may execute what only the owner may', 0o755, 0o744],
    ['nobody may execute what could be', 0o644, 0o755],
    ['others may execute it', 0o645, 0o644],
    ['it runs as its owner', 0o4755, 0o755],
  ])('permissions by which %s', (_what, published, rebuilt) => {
    const packed = (mode: number) => tarball([tarEntry({ name: 'package/a.js', content: 'a', mode })]);
    const { level, differences } = compareTarballs({
      published: packed(published),
      rebuilt: packed(rebuilt),
    });
    expect([level, differences.map(({ kind }) => kind)]).toEqual([null, ['mode']]);
  });
  test('a link in the place of a file', () => {
    const published = tarball([tarEntry({ name: 'package/a.js', type: '2', linkName: 'b.js' })]);
    const rebuilt = tarball([tarEntry({ name: 'package/a.js', content: '' })]);
    expect(compareTarballs({ published, rebuilt }).differences).toMatchObject([{ kind: 'type' }]);
  });
  test('a link to another place', () => {
    const link = (linkName: string) => tarball([tarEntry({ name: 'package/a.js', type: '2', linkName })]);
    const { differences } = compareTarballs({ published: link('evil.js'), rebuilt: link('b.js') });
    expect(differences).toMatchObject([{ kind: 'content', path: 'a.js' }]);
    expect(Buffer.from(differences[0]?.published?.content.subarray() ?? '').toString()).toBe('evil.js');
  });
  test('a bidi or zero-width character in code', () => {
    const { differences } = differing(npmTarball({ ...FILES, 'index.js': 'ok\u200b()' }));
    expect(differences).toMatchObject([{ kind: 'content', path: 'index.js' }]);
  });
  test('another Unicode form of the same name is another name', () => {
    const { differences } = compareTarballs({
      published: npmTarball({ 'cafe\u0301.js': 'a' }),
      rebuilt: npmTarball({ 'caf\u00e9.js': 'a' }),
    });
    expect(differences.map(({ kind }) => kind)).toEqual(['added', 'missing']);
  });
  test('a file called __proto__ does not vanish', () => {
    const { differences, origins } = differing(npmTarball({ ...FILES, ['__proto__']: 'evil' }));
    expect(differences).toMatchObject([{ kind: 'added', path: '__proto__' }]);
    expect(Object.keys(origins)).toContain('__proto__');
  });
});

describe('duplicates are never explained away', () => {
  const good = tarEntry({ name: 'package/a.js', content: 'good' });
  const evil = tarEntry({ name: 'package/a.js', content: 'evil' });
  test.each([
    ['before', [evil, good]],
    ['behind', [good, evil]],
  ])('a payload %s the verbatim file', (_where, parts) => {
    const { level, origins, differences } = compareTarballs({
      published: tarball(parts),
      rebuilt: tarball([good]),
      commit: { 'a.js': 'good' },
    });
    expect(level).toBeNull();
    expect(origins['a.js']).toBe('unexplained');
    expect(differences.length).toBeGreaterThan(0);
  });
  test('the very same file twice', () => {
    const { level, differences } = compareTarballs({
      published: tarball([good, good]),
      rebuilt: tarball([good]),
      commit: { 'a.js': 'good' },
    });
    expect(level).toBeNull();
    expect(differences).toMatchObject([{ kind: 'added', inCommit: false }]);
  });
  test('a manifest that would be normalized', () => {
    const manifest = (content: string) => tarEntry({ name: 'package/package.json', content });
    const published = tarball([manifest('{\n  "a": 1\n}'), manifest('{\n  "a": 1\n}')]);
    expect(
      compareTarballs({ published, rebuilt: tarball([manifest('{"a":1}'), manifest('{"a":1}')]) }),
    ).toMatchObject({ level: null, normalizers: [] });
  });
});

describe('verbatim needs the same path below the directory', () => {
  const published = npmTarball({ 'index.js': 'payload' });
  test.each([
    ['the same path', { 'index.js': 'payload' }, '.', 'verbatim'],
    ['the package directory', { 'packages/a/index.js': 'payload' }, 'packages/a', 'verbatim'],
    ['a fixture elsewhere', { 'test/fixtures/evil.js': 'payload' }, '.', 'rebuilt'],
    ['the root of a repository of packages', { 'index.js': 'payload' }, 'packages/a', 'rebuilt'],
  ] as const)('%s', (_what, commit, directory, origin) => {
    const { origins } = compareTarballs({ published, rebuilt: published, commit, directory });
    expect(origins['index.js']).toBe(origin);
  });
  test('a link of the commit whose target text is the payload is no file', () => {
    const source = sourceOf({ 'index.js': 'payload' });
    const linked = { ...source, tree: source.tree.map((file) => ({ ...file, mode: '120000' })) };
    expect(unexplainedByCommit(archiveOf(published), linked)).toEqual(['index.js']);
  });
  test('bytes of the commit that the rebuild changes are unexplained', () => {
    const { origins, differences } = compareTarballs({
      published,
      rebuilt: npmTarball({ 'index.js': 'other' }),
      commit: { 'index.js': 'payload' },
    });
    expect(origins['index.js']).toBe('unexplained');
    expect(differences).toMatchObject([{ kind: 'content', inCommit: true }]);
  });
});

test('a checkout explains files, not folders, and with the line ends of Windows as well', () => {
  const archive = archiveOf(
    gzipOf(
      tarOf([
        tarEntry({ name: 'package/lib/', type: '5' }),
        tarEntry({ name: 'package/lib/a', content: 'a' }),
        tarEntry({ name: 'package/b', content: 'b' }),
        tarEntry({ name: 'package/c', content: 'c\r\nd\r\n' }),
        tarEntry({ name: 'package/d', content: 'c\r\nd\r\ne' }),
      ]),
    ),
  );
  const source = sourceOf({ 'lib/a': 'a', b: 'other', c: 'c\nd\n', d: 'c\nd\n' });
  expect(unexplainedByCommit(archive, source)).toEqual(['b', 'd']);
});

test('a commit contradicts the files that it has otherwise, but for the manifest', () => {
  const files = { 'package.json': '1', same: 'a', other: 'b', built: 'c' };
  const source = sourceOf({ 'lib/package.json': '2', 'lib/same': 'a', 'lib/other': 'x', built: 'y' }, 'lib');
  const contradicting = (published: Readonly<Record<string, string>>, commit: typeof source) =>
    contradictedByCommit(archiveOf(npmTarball(published)), commit, 'package.json');
  expect(contradicting(files, source)).toEqual([
    { file: 'lib/other', blobId: gitBlobId(new TextEncoder().encode('b')) },
  ]);
  const onWindows = { same: 'a\r\n', other: 'x\r\ny' };
  const changed = contradicting(onWindows, sourceOf({ same: 'a\n', other: 'x\n' }));
  expect(changed.map(({ file }) => file)).toEqual(['other']);
});

test('texts of a commit are told apart by the line ends with which they were published', () => {
  const source = sourceOf({ a: 'a\n', b: 'b\n', c: 'c\n', crlf: 'e\r\n', one: '1' });
  const files = { a: 'a\r\n', b: 'b\n', c: 'c\r\nevil()\r\n', crlf: 'e\r\n', one: '1', built: 'x\r\n' };
  expect(lineEnds(archiveOf(npmTarball(files)), source)).toEqual({ kept: ['b', 'crlf'], windows: ['a'] });
});
