import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/judge/judge.ts';
import type { Archive } from '../../src/model/artifact.ts';
import { compare } from '../../src/compare/compare.ts';
import { readArchive } from '../../src/published/archive.ts';
import { digestsOf } from '../../src/published/digests.ts';
import { archiveOf, MADE, sourceOf } from '../support/artifacts.ts';
import { gzipOf, npmTar, writeChecksum } from '../support/tarball.ts';

const FILES = {
  'package.json': '{"name":"a","version":"1.0.0"}',
  'lib/index.js': 'module.exports = 1;\n'.repeat(40),
  'README.md': 'a',
};
const tar = npmTar(FILES);
const honest = gzipOf(tar);
const rebuilt = { bytes: honest, archive: archiveOf(honest) };

const judged = (bytes: Buffer, archive: Archive) => {
  const published = { fileName: 'a.tgz', bytes, digests: digestsOf(bytes), archive };
  const comparison = compare({ published, rebuilt, source: sourceOf(FILES), made: MADE });
  const judgement = judge({
    comparison,
    failure: null,
    anomalies: archive.anomalies,
    roles: new Map(),
    ecosystemFindings: [],
    signals: [],
  });
  return { comparison, judgement };
};

/** Where in the tar stream an entry's own bytes are: everything that is installed. */
const contents = rebuilt.archive.entries.map(({ offset, size }) => [offset + 512, offset + 512 + size]);
const isContent = (offset: number): boolean =>
  contents.some(([from = 0, to = 0]) => offset >= from && offset < to);

const anyMutation = (length: number) => fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }));

function flipped(bytes: Buffer, [at, by]: readonly [number, number]): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ by;
  return copy;
}

describe('changing any one byte', () => {
  test('of the file never gives equal bytes, and never throws', () => {
    for (let at = 0; at < honest.length; at++) {
      for (const by of [1, 0x80, 0xff]) {
        const bytes = flipped(honest, [at, by]);
        const outcome = readArchive(bytes);
        if (!outcome.ok) continue;
        const { comparison } = judged(bytes, outcome.value);
        expect(comparison.level, `byte ${at}`).not.toBe('bytes');
        // Only the ten bytes of the gzip header, or unused bits of the deflate stream, can leave the tar stream as it is.
        if (comparison.level === 'tar') expect(Buffer.compare(outcome.value.tar.subarray(), tar)).toBe(0);
      }
    }
  });

  test('of the tar stream never gives an equal tar, and of a content no reproduction but of its formatting', () => {
    fc.assert(
      fc.property(anyMutation(tar.length), (mutation) => {
        const bytes = gzipOf(flipped(tar, mutation));
        const outcome = readArchive(bytes);
        if (!outcome.ok) return;
        const { comparison, judgement } = judged(bytes, outcome.value);
        expect(['bytes', 'tar']).not.toContain(comparison.level);
        if (!isContent(mutation[0]) || judgement.verdict === 'diverged') return;
        // One space, line end or semicolon for another, where it is the same program.
        const [at, by] = mutation;
        const [before, after] = [tar[at] ?? 0, (tar[at] ?? 0) ^ by].map((byte) => String.fromCharCode(byte));
        expect([before, after].join('')).toMatch(/^[ \t\r\n;]{2}$/);
        expect(comparison).toMatchObject({
          level: 'normalized',
          normalizers: [{ name: 'code-formatting', path: 'lib/index.js' }],
        });
      }),
      { numRuns: 1500 },
    );
  });

  test('of a header, with its checksum made right, is refused, diverges, or is named as wrapping', () => {
    const headers = rebuilt.archive.entries.map(({ offset }) => offset);
    fc.assert(
      fc.property(fc.constantFrom(...headers), anyMutation(512), (header, [at, by]) => {
        fc.pre(at < 148 || at > 155);
        const mutated = flipped(tar, [header + at, by]);
        writeChecksum(mutated.subarray(header, header + 512));
        const bytes = gzipOf(mutated);
        const outcome = readArchive(bytes);
        if (!outcome.ok) return;
        const { comparison, judgement } = judged(bytes, outcome.value);
        expect(['bytes', 'tar', 'normalized']).not.toContain(comparison.level);
        if (judgement.verdict === 'reproduced') expect(comparison.wrapping.length).toBeGreaterThan(0);
      }),
      { numRuns: 1500 },
    );
  });
});

test('any bytes at all are read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(readArchive(bytes).ok).toBe(false);
      expect(readArchive(gzipOf(bytes)).ok).toBe(false);
    }),
  );
});

test('any order, repetition and omission of blocks is read or refused, and never equal', () => {
  const blocks = Array.from({ length: tar.length / 512 }, (_, index) =>
    tar.subarray(index * 512, (index + 1) * 512),
  );
  fc.assert(
    fc.property(
      fc.array(fc.nat(blocks.length - 1), { minLength: 1, maxLength: 2 * blocks.length }),
      (order) => {
        const shuffled = Buffer.concat(order.flatMap((index) => blocks[index] ?? []));
        fc.pre(!shuffled.equals(tar));
        const bytes = gzipOf(shuffled);
        const outcome = readArchive(bytes);
        if (outcome.ok) expect(['bytes', 'tar']).not.toContain(judged(bytes, outcome.value).comparison.level);
      },
    ),
    { numRuns: 1000 },
  );
});
