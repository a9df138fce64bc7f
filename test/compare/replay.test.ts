import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { withHeaderNumbers } from '../../src/compare/headers.ts';
import { differInPermissions, inOrder, withDisk, withOwner } from '../../src/compare/replay.ts';
import type { Archive } from '../../src/model/artifact.ts';
import { archiveOf } from '../support/artifacts.ts';
import { type EntrySpec, paxHeader, tarball, tarEntry } from '../support/tarball.ts';

const LONG = `package/${'deep/'.repeat(40)}file.js`;

function archive(...entries: readonly EntrySpec[]): Archive {
  return archiveOf(tarball(entries.map((entry) => tarEntry(entry))));
}

/** Read again, as strictly as whatever is published: checksums and all. */
function read(tar: Uint8Array | null): Archive {
  if (tar === null) throw new Error('there was nothing to take');
  return archiveOf(gzipSync(tar));
}

const a = { name: 'package/a', content: 'a'.repeat(600), uid: 501, mtime: 1_400_000_000 };
const b = { name: 'package/b', content: 'b', uid: 501, mtime: 1_400_000_001 };

describe('numbers of headers', () => {
  test('change alone, and are written as they were', () => {
    const before = archive({ ...a, uid: 7 }, b);
    const { tar } = read(
      withHeaderNumbers(before, ({ path }) => (path === 'a' ? { uid: 501, gid: 501 } : {})),
    );
    expect(Buffer.compare(tar.subarray(), archive(a, b).tar.subarray())).toBe(0);
  });
  test('take the whole field where they need it, and are left out where it is too small', () => {
    const [first] = read(
      withHeaderNumbers(archive(a), () => ({ uid: 2_000_000, gid: 2_000_000_000, mtime: -1 })),
    ).entries;
    expect(first).toMatchObject({ uid: 2_000_000, gid: 501, mtime: 1_400_000_000 });
  });
});

test('times are those of the published paths', () => {
  const { entries } = read(
    withDisk(archive({ ...b, mtime: 1 }, { ...a, mtime: 2 }), archive(a, b), ['times']),
  );
  expect(entries.map(({ path, mtime }) => [path, mtime])).toEqual([
    ['b', 1_400_000_001],
    ['a', 1_400_000_000],
  ]);
});

test('permissions are those of the published paths, and are seen to differ only there', () => {
  const published = archive({ ...a, mode: 0o664 }, { ...b, mode: 0o744 });
  const ours = archive({ ...b, mode: 0o755, mtime: 1 }, { ...a, mode: 0o644 });
  const { entries } = read(withDisk(ours, published, ['permissions']));
  expect(entries.map(({ path, mode, mtime }) => [path, mode, mtime])).toEqual([
    ['b', 0o744, 1],
    ['a', 0o664, 1_400_000_000],
  ]);
  expect(differInPermissions(ours, published)).toBe(true);
  expect(differInPermissions(ours, archive({ ...a, mode: 0o644 }))).toBe(false);
});

describe('an owner', () => {
  const ours = archive({ ...a, uid: 10_001 }, { ...b, uid: 10_001 });
  test('is taken from entries that all have the same', () => {
    expect(read(withOwner(ours, archive(a, b))).entries.map(({ uid, gid }) => [uid, gid])).toEqual([
      [501, 501],
      [501, 501],
    ]);
  });
  test('is not taken from entries that differ, or have none', () => {
    expect(withOwner(ours, archive(a, { ...b, uid: 502 }))).toBeNull();
    expect(withOwner(ours, archive({ ...a, uid: null }, { ...b, uid: null }))).toBeNull();
  });
});

describe('an order', () => {
  test('moves entries with their extended headers and their padding', () => {
    const long = [paxHeader({ path: LONG }), tarEntry({ name: LONG.slice(0, 100), content: 'long' })];
    const published = archiveOf(tarball([tarEntry(b), ...long, tarEntry(a)]));
    const ours = archiveOf(tarball([...long, tarEntry(a), tarEntry(b)]));
    const ordered = inOrder(ours, published);
    expect(Buffer.compare(ordered ?? Buffer.alloc(0), published.tar.subarray())).toBe(0);
  });
  test('is not taken where it is the same already', () => {
    expect(inOrder(archive(a, b), archive(a, b))).toBeNull();
  });
  test.each<[string, Archive]>([
    ['another entry more', archive(b, a, { name: 'package/c' })],
    ['an entry less', archive(b)],
    ['an entry of another name', archive({ name: 'package/c' }, a)],
    ['an entry twice', archive(a, a)],
    ['an entry twice besides', archive(b, a, a)],
  ])('is not taken from %s', (_name, published) => {
    expect(inOrder(archive(a, b), published)).toBeNull();
  });
  test('leaves all other bytes as we made them', () => {
    const hiding = archive({ ...b, padding: 0x41 }, a);
    const ordered = read(inOrder(archive(a, b), hiding));
    expect(ordered.anomalies).toEqual([]);
    expect(ordered.entries.map(({ path }) => path)).toEqual(['b', 'a']);
  });
});
