import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bothReadings } from '../support/readings.ts';
import { gzipOf, npmTar, npmTarball, tarball, tarEntry, tarOf } from '../support/tarball.ts';
import { encodedBy, packedBy } from '../support/wrapped.ts';

describe('an archive that is kept in a file is read as one in memory', () => {
  const many = Buffer.concat(
    Array.from({ length: 5000 }, (_, index) => tarEntry({ name: `package/${index}`, content: `${index}` })),
  );
  const large = randomBytes(3 * 1024 ** 2 + 77);
  const withLarge = (entry: Parameters<typeof tarEntry>[0], more: readonly Buffer[] = []): Buffer =>
    tarball([many, tarEntry(entry), tarEntry({ name: 'package/after', content: 'after' }), ...more]);

  test.each([
    ['a file of several pieces', withLarge({ name: 'package/large', content: large })],
    ['hidden bytes after it', withLarge({ name: 'package/large', content: large, padding: 7 })],
    ['a size that lies', withLarge({ name: 'package/large', content: large, claimedSize: 9_000_000 })],
    ['a name that is there twice', withLarge({ name: 'package/7', content: large })],
    ['bytes after the end', gzipOf(Buffer.concat([tarOf([many]), large]))],
    ['zeros after the end', gzipOf(Buffer.concat([tarOf([many]), Buffer.alloc(3_000_000)]))],
    ['a gzip member more', Buffer.concat([withLarge({ name: 'package/a', content: large }), gzipOf(large)])],
    ['bytes after the member', Buffer.concat([withLarge({ name: 'package/a', content: large }), large])],
    [
      'an end that is cut off',
      gzipOf(tarOf([many, tarEntry({ name: 'package/a', content: large })]).subarray(0, -900)),
    ],
    ['encoders', encodedBy('zlib-ng')],
    ['old packers', packedBy('npm-4')],
  ])('with %s', async (_what, bytes) => {
    const [whole, stored] = await bothReadings(bytes);
    expect(stored).toEqual(whole);
  });

  test('with any byte of a small one changed', async () => {
    const honest = npmTarball({ 'package.json': '{}', 'lib/a.js': 'a();\n'.repeat(40), b: '' });
    const tar = npmTar({ 'package.json': '{}', 'lib/a.js': 'a();\n'.repeat(40), b: '' });
    for (let at = 0; at < honest.length; at += 5) {
      const [whole, stored] = await bothReadings(flipped(honest, at));
      expect(stored, `byte ${at} of the file`).toEqual(whole);
    }
    for (let at = 0; at < tar.length; at += 61) {
      const [whole, stored] = await bothReadings(gzipOf(flipped(tar, at)));
      expect(stored, `byte ${at} of the tar stream`).toEqual(whole);
    }
  });

  test('that begins like a compressed file is left to the second reader as it came', async () => {
    const bytes = tarball([
      tarEntry({ name: Buffer.from([0x1f, 0x8b, 0x08, 0x61, 0x2f, 0x62]), content: 'x' }),
    ]);
    const [whole, stored] = await bothReadings(bytes);
    expect(stored).toEqual(whole);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x11;
  return copy;
}
