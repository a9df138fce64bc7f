import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { withHeaderNumbers } from '../../src/compare/headers.ts';
import type { Ecosystem } from '../../src/ecosystem.ts';
import { ReproveError } from '../../src/errors.ts';
import type { Searched } from '../../src/exact/search.ts';
import type { Engine } from '../../src/sandbox/engine.ts';
import { selectEngine } from '../../src/sandbox/select.ts';
import { archiveOf, artifactOf } from '../support/artifacts.ts';
import { gzipOf } from '../support/tarball.ts';
import { ENGINE } from '../support/world.ts';
import { encodedBy, packedBy } from '../support/wrapped.ts';
import { MINUTE, NO_ENGINE, openEcosystem, recompressed, repacked, search } from './harness.ts';

const ALL_ENCODERS =
  'the compressed stream: none of 4 encoders gives it (Chromium zlib, classic zlib, ' +
  'early Chromium zlib (run by Node 16.20.2), zlib-ng (run by Bun 1.4.4))';

let ecosystem: Ecosystem;
beforeAll(async () => {
  ecosystem = await openEcosystem();
});

describe('what is run in the sandbox', { timeout: 5 * MINUTE }, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await selectEngine({ requested: ENGINE });
  });
  const encoderOf = (published: Uint8Array): Promise<Searched> =>
    search({ published, rebuilt: recompressed(published), engine, ecosystem });
  const packerOf = (published: Uint8Array): Promise<Searched> =>
    search({ published, rebuilt: repacked(published), engine, ecosystem });

  test('a stream of early Chromium zlib is what a Node of its time gives', async () => {
    const published = encodedBy('early-chromium-zlib');
    const { comparison, tools } = await encoderOf(published);
    expect(comparison).toMatchObject({
      level: 'bytes',
      wrapping: [],
      exact: { packer: 'npm 10.9.2', gzip: 'early Chromium zlib (run by Node 16.20.2), level 6, OS 19' },
      rebuiltDigests: artifactOf(published).digests,
    });
    expect(tools.map((tool) => tool.version)).toEqual(['16.20.2']);
  });

  test('a stream of zlib-ng is what Bun gives', async () => {
    const { comparison } = await encoderOf(encodedBy('zlib-ng'));
    expect(comparison.exact?.gzip).toBe('zlib-ng (run by Bun 1.4.4), level 6, OS 19');
    expect(comparison.level).toBe('bytes');
  });

  test('a stream that no encoder gives stays at level tar, and says what was tried', async () => {
    const tar = gunzipSync(encodedBy('zlib-ng'));
    const { comparison } = await encoderOf(gzipOf(tar, { extraFlags: 0, operatingSystem: 19 }));
    expect([comparison.level, comparison.exact]).toEqual(['tar', null]);
    expect(comparison.wrapping.at(-1)).toBe(ALL_ENCODERS);
  });

  test.each([
    ['npm-6.4', /^npm 6\.4\.\d+$/],
    ['npm-5.6', /^npm 5\.6\.\d+, with the published times$/],
    ['npm-4', /^npm 4\.\d+\.\d+, with the published times, owner and order$/],
    ['pnpm-8.6', /^pnpm 8\.14\.\d+$/],
  ] as const)('an archive of %s is what it packs of the same files', async (packer, words) => {
    const published = packedBy(packer);
    const { comparison, tools } = await packerOf(published);
    expect([comparison.level, comparison.wrapping]).toEqual(['bytes', []]);
    expect(comparison.exact?.packer).toMatch(words);
    expect(comparison.rebuiltDigests).toEqual(artifactOf(published).digests);
    expect(tools.map((tool) => tool.name)).toContain(packer.split('-')[0]);
  });

  test('an archive of yarn 1 is what it packs of the same files and folders, of other times', async () => {
    const published = packedBy('yarn-1');
    const tar = withHeaderNumbers(archiveOf(published), () => ({ mtime: 1_700_000_000 }));
    const rebuilt = gzipOf(tar, { extraFlags: 0, operatingSystem: 3 });
    const { comparison } = await search({ published, rebuilt, engine, ecosystem });
    expect([comparison.level, comparison.wrapping]).toEqual(['bytes', []]);
    expect(comparison.exact?.packer).toMatch(/^yarn 1\.\d+\.\d+, with the published times$/);
  });

  test('an archive of an old packer in a stream of nobody is at level tar, and says whose it is', async () => {
    const tar = gunzipSync(packedBy('npm-5.6'));
    const { comparison } = await packerOf(gzipOf(tar, { extraFlags: 0, operatingSystem: 3 }));
    expect([comparison.level, comparison.exact]).toEqual(['tar', null]);
    expect(comparison.wrapping.join('\n')).toMatch(
      /the archive is that of npm 5\.6\.\d+, with the published times\n.*none of 4 encoders gives it/,
    );
  });

  test('the permissions of the disk on which it was packed are those that were published', async () => {
    const checkedOut = packedBy('npm-6.4');
    const onDisk = withHeaderNumbers(archiveOf(checkedOut), ({ path }) =>
      path === 'package.json' ? { mode: 0o664 } : {},
    );
    const published = gzipOf(onDisk, { extraFlags: 0, operatingSystem: 3 });
    const { comparison } = await search({ published, rebuilt: repacked(checkedOut), engine, ecosystem });
    expect(comparison.level).toBe('tar');
    expect(comparison.wrapping.join('\n')).toMatch(
      /the archive is that of npm 6\.4\.\d+, with the published permissions\n/,
    );
  });

  test('an archive that no packer gives stays at level contents, and says what was tried', async () => {
    const { comparison } = await packerOf(recompressed(repacked(packedBy('npm-6.4'))));
    expect([comparison.level, comparison.exact]).toEqual(['contents', null]);
    expect(comparison.wrapping.at(-1)).toMatch(/^the archive: no other packer gives it \(npm 4\.\d+\.\d+\)$/);
  });
});

describe('no sandbox starts', () => {
  test('when an encoder of this process gives the bytes', async () => {
    const published = encodedBy('classic-zlib');
    const rebuilt = recompressed(published);
    const { comparison, tools } = await search({ published, rebuilt, engine: NO_ENGINE, ecosystem });
    expect([comparison.level, comparison.exact?.gzip]).toEqual(['bytes', 'classic zlib, level 6, OS 19']);
    expect(tools).toEqual([]);
  });

  test('for a header that no packer writes', async () => {
    const published = gzipOf(gunzipSync(encodedBy('zlib-ng')), { mtime: 1 });
    const rebuilt = recompressed(published);
    const { comparison } = await search({ published, rebuilt, engine: NO_ENGINE, ecosystem });
    expect([comparison.level, ...comparison.wrapping]).toEqual([
      'tar',
      'gzip time: 1 instead of 0',
      'gzip compression level (XFL): 2 instead of 4',
      'gzip operating system: 255 instead of 3',
    ]);
  });
});

test('tools that are not to be had are named, and fail nothing', async () => {
  const missing = new ReproveError('toolchain-unavailable', { what: 'a', why: 'b', next: 'c' });
  const poor: Ecosystem = { ...ecosystem, tools: () => Promise.reject(missing) };
  const published = encodedBy('zlib-ng');
  const rebuilt = recompressed(published);
  const { comparison } = await search({ published, rebuilt, engine: NO_ENGINE, ecosystem: poor });
  expect(comparison.level).toBe('tar');
  expect(comparison.wrapping.at(-1)).toMatch(/none of 2 encoders gives it .*; not to be had: early Chromium/);
});
