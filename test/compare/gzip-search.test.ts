import { constants, deflateRawSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { levelsOf, recompress, recompressed } from '../../src/compare/gzip-search.ts';
import { artifactOf } from '../support/artifacts.ts';
import { ENCODED_BY, encodedBy } from '../support/wrapped.ts';
import { gzipOf, npmTar } from '../support/tarball.ts';

const WORDS = ['const ', 'let ', 'return ', '() => ', '{\n', '}\n', 'value', 'index', '.map(', ')', ';\n'];

/** Text that compresses as code does, the same each time. */
function code(length: number): string {
  const words: string[] = [];
  for (let state = 7, size = 0; size < length; size += words.at(-1)?.length ?? 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    words.push(WORDS[(state >>> 16) % WORDS.length] ?? '');
  }
  return words.join('');
}

const TAR = npmTar({ 'index.js': code(200_000), 'package.json': '{"name":"a"}' });

/** What the zlib of the Node that runs this gives: an encoder that shares nothing with ours. */
function nodeGzip(tar: Uint8Array, level: number, extraFlags: number): Buffer {
  const whole = gzipOf(tar, { extraFlags, operatingSystem: 3 });
  return Buffer.concat([whole.subarray(0, 10), deflateRawSync(tar, { level }), whole.subarray(-8)]);
}

describe('an encoder of this process', () => {
  test.each([
    ['chromium-zlib', 'Chromium zlib, level 6, OS 19'],
    ['classic-zlib', 'classic zlib, level 6, OS 19'],
    ['early-chromium-zlib', undefined],
    ['zlib-ng', undefined],
  ] as const)('of the file that %s made: %s', (encoder, gzip) => {
    const bytes = encodedBy(encoder);
    const found = recompress(gunzipSync(bytes), artifactOf(bytes));
    expect(found?.gzip).toBe(gzip);
    if (found !== null) expect(Buffer.compare(found.bytes, bytes)).toBe(0);
  });

  test.each([
    [1, 4],
    [2, 0],
    [3, 0],
    [4, 0],
    [5, 0],
    [6, 0],
    [7, 0],
    [8, 0],
    [9, 2],
  ])('gives what Node gives at level %i, which writes XFL %i', (level, extraFlags) => {
    const bytes = nodeGzip(TAR, level, extraFlags);
    expect(recompress(TAR, artifactOf(bytes))?.gzip).toBe(`Chromium zlib, level ${level}, OS 3`);
  });

  test.each([0, 1, 2, 1023])('whatever the size of the last piece (%i bytes less)', (less) => {
    const tar = Buffer.concat([TAR, Buffer.alloc(64 * 1024 * 5 - TAR.length)]);
    const data = tar.subarray(0, tar.length - less);
    const bytes = nodeGzip(data, 9, 2);
    const published = { ...artifactOf(encodedBy('classic-zlib')), bytes };
    const header = { flags: 0, mtime: 0, extraFlags: 2, operatingSystem: 3 };
    const found = recompress(data, { ...published, archive: { ...published.archive, gzip: header } });
    expect(found?.gzip).toBe('Chromium zlib, level 9, OS 3');
  });
});

describe('a header that no packer writes has no level', () => {
  const ordinary = { flags: 0, mtime: 0, extraFlags: 2, operatingSystem: 255 };
  test.each([
    ['a flag', { flags: 8 }],
    ['a time', { mtime: 1 }],
    ['another XFL', { extraFlags: 1 }],
    ['another system', { operatingSystem: 7 }],
  ])('%s', (_name, change) => {
    expect(levelsOf(ordinary)).toEqual([9]);
    expect(levelsOf({ ...ordinary, ...change })).toEqual([]);
  });
});

describe('bytes that hide around or in the stream are never given', () => {
  const tar = npmTar({ 'index.js': 'ok()', 'package.json': '{"name":"a"}' });
  const honest = nodeGzip(tar, 9, 2);
  const [header, stream, trailer] = [honest.subarray(0, 10), honest.subarray(10, -8), honest.subarray(-8)];
  const withFlags = (flags: number): Buffer => Buffer.from(header).fill(flags, 3, 4);

  test('(the honest file is)', () => {
    expect(recompress(tar, artifactOf(honest))).not.toBeNull();
  });

  test.each<[string, Buffer]>([
    ['a file name', Buffer.concat([withFlags(8), Buffer.from('payload\0'), stream, trailer])],
    ['a comment', Buffer.concat([withFlags(16), Buffer.from('payload\0'), stream, trailer])],
    ['an extra field', Buffer.concat([withFlags(4), Buffer.from([4, 0, 1, 2, 3, 4]), stream, trailer])],
    ['an empty member more', Buffer.concat([honest, gzipOf(Buffer.alloc(0))])],
    ['trailing zeros', Buffer.concat([honest, Buffer.alloc(16)])],
    ['trailing bytes', Buffer.concat([honest, Buffer.from('payload')])],
    [
      'an empty block in the stream',
      Buffer.concat([
        header,
        deflateRawSync(tar.subarray(0, 512), { level: 9, finishFlush: constants.Z_SYNC_FLUSH }),
        deflateRawSync(tar.subarray(512), { level: 9 }),
        trailer,
      ]),
    ],
    ['a stored stream', Buffer.concat([header, deflateRawSync(tar, { level: 0 }), trailer])],
  ])('%s', (_name, bytes) => {
    expect(recompress(tar, artifactOf(bytes))).toBeNull();
  });

  test('the published stream itself, passed off as that of an encoder, is only given for the very same tar', () => {
    const published = artifactOf(honest);
    const options = { stream, level: 9, encoder: 'liar', published };
    expect(recompressed({ ...options, tar })).not.toBeNull();
    const other = Buffer.from(tar).fill(1, 20, 21);
    expect(recompressed({ ...options, tar: other })).toBeNull();
    expect(recompressed({ ...options, tar, level: 6 })).toBeNull();
  });
});

test('fixtures: no two encoders give the same bytes', () => {
  expect(new Set(ENCODED_BY.map((encoder) => encodedBy(encoder).toString('hex'))).size).toBe(4);
});
