import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ECOSYSTEMS } from '../../builders/index.ts';
import { defaultCacheDir } from '../../src/cache-dir.ts';
import { compare } from '../../src/compare/compare.ts';
import { deadlineIn } from '../../src/deadline.ts';
import type { Ecosystem } from '../../src/ecosystem.ts';
import { ReproveError } from '../../src/errors.ts';
import { searchExact, type Searched } from '../../src/exact/search.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import type { Engine } from '../../src/sandbox/engine.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { selectEngine } from '../../src/sandbox/select.ts';
import { archiveOf, artifactOf, MADE, sourceOf } from '../support/artifacts.ts';
import { encodedBy } from '../support/encoded.ts';
import { temporaryFolder } from '../support/repository.ts';
import { gzipOf } from '../support/tarball.ts';
import { SMALL_LIMITS, TEST_ENGINES } from '../support/world.ts';

const folder = temporaryFolder();
const cacheDir = defaultCacheDir();
const MINUTE = 60_000;
const PLAN = {
  toolchain: { node: '20.20.2', npm: '10.9.2' },
  steps: [{ phase: 'pack', argv: ['npm', 'pack'] }],
} as unknown as RebuildPlan;

let ecosystem: Ecosystem;
beforeAll(async () => {
  ecosystem = await ECOSYSTEMS.npm({ cacheDir, cwd: folder.path, registry: null });
});
afterAll(() => folder.dispose());

/** Searches for a published file; what was rebuilt is the same tar in another compression. */
function search(published: Uint8Array, tools: { engine: Engine; ecosystem?: Ecosystem }): Promise<Searched> {
  const artifact = artifactOf(published);
  const bytes = gzipOf(gunzipSync(encodedBy('classic-zlib')), { extraFlags: 4, operatingSystem: 3 });
  const sides = { published: artifact, rebuilt: { bytes, archive: archiveOf(bytes) }, source: sourceOf({}) };
  return searchExact({
    ...sides,
    comparison: compare({ ...sides, made: MADE }),
    plan: PLAN,
    workshop: {
      ecosystem,
      rootfs: () => rootFilesystem({ cacheDir }),
      limits: SMALL_LIMITS,
      deadline: deadlineIn(MINUTE),
      cacheDir,
      ...tools,
    },
  });
}

describe.each(TEST_ENGINES)('on %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await selectEngine({ requested: name });
  });

  test(
    'a stream of early Chromium zlib is what a Node of its time gives',
    async () => {
      const { comparison, tools } = await search(encodedBy('early-chromium-zlib'), { engine });
      expect(comparison).toMatchObject({
        level: 'bytes',
        wrapping: [],
        exact: {
          packer: 'npm 10.9.2',
          gzip: 'early Chromium zlib (run by Node 16.20.2), level 6, OS 19',
        },
        rebuiltDigests: artifactOf(encodedBy('early-chromium-zlib')).digests,
      });
      expect(tools.map((tool) => tool.version)).toEqual(['16.20.2']);
    },
    5 * MINUTE,
  );

  test(
    'a stream of zlib-ng is what Bun gives',
    async () => {
      const { comparison } = await search(encodedBy('zlib-ng'), { engine });
      expect(comparison.exact?.gzip).toBe('zlib-ng (run by Bun 1.4.4), level 6, OS 19');
      expect(comparison.level).toBe('bytes');
    },
    5 * MINUTE,
  );

  test(
    'a stream that no encoder gives stays at level tar, and says what was tried',
    async () => {
      const published = gzipOf(gunzipSync(encodedBy('zlib-ng')), { extraFlags: 0, operatingSystem: 19 });
      const { comparison } = await search(published, { engine });
      expect([comparison.level, comparison.exact]).toEqual(['tar', null]);
      expect(comparison.wrapping.at(-1)).toBe(
        'the compressed stream: none of 4 encoders gives it (Chromium zlib, classic zlib, ' +
          'early Chromium zlib (run by Node 16.20.2), zlib-ng (run by Bun 1.4.4))',
      );
    },
    5 * MINUTE,
  );
});

/** No sandbox may be needed. */
const noEngine: Engine = {
  name: 'bwrap',
  unavailable: () => Promise.resolve(null),
  open: () => Promise.reject(new Error('a sandbox was opened')),
};

test('no sandbox starts when an encoder of this process gives the bytes', async () => {
  const { comparison, tools } = await search(encodedBy('classic-zlib'), { engine: noEngine });
  expect([comparison.level, comparison.exact?.gzip]).toEqual(['bytes', 'classic zlib, level 6, OS 19']);
  expect(tools).toEqual([]);
});

test('no sandbox starts for a header that no packer writes', async () => {
  const published = gzipOf(gunzipSync(encodedBy('zlib-ng')), { mtime: 1 });
  const { comparison } = await search(published, { engine: noEngine });
  expect([comparison.level, ...comparison.wrapping]).toEqual([
    'tar',
    'gzip time: 1 instead of 0',
    'gzip compression level (XFL): 2 instead of 4',
    'gzip operating system: 255 instead of 3',
  ]);
});

test('tools that are not to be had are named, and fail nothing', async () => {
  const missing = new ReproveError('toolchain-unavailable', { what: 'a', why: 'b', next: 'c' });
  const poor: Ecosystem = { ...ecosystem, tools: () => Promise.reject(missing) };
  const { comparison } = await search(encodedBy('zlib-ng'), { engine: noEngine, ecosystem: poor });
  expect(comparison.level).toBe('tar');
  expect(comparison.wrapping.at(-1)).toMatch(/none of 2 encoders gives it .*; not to be had: early Chromium/);
});
