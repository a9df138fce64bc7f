import { gunzipSync } from 'node:zlib';
import { ECOSYSTEMS } from '../../builders/index.ts';
import { defaultCacheDir } from '../../src/cache-dir.ts';
import { compare } from '../../src/compare/compare.ts';
import { deadlineIn } from '../../src/deadline.ts';
import type { Ecosystem } from '../../src/ecosystem.ts';
import { searchExact, type Searched } from '../../src/exact/search.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import type { Engine } from '../../src/sandbox/engine.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { archiveOf, artifactOf, MADE, sourceOf } from '../support/artifacts.ts';
import { gzipOf, tarball, tarEntry } from '../support/tarball.ts';
import { SMALL_LIMITS } from '../support/world.ts';

const cacheDir = defaultCacheDir();
export const MINUTE = 60_000;

const PLAN = {
  toolchain: { node: '20.20.2', npm: '10.9.2' },
  steps: [{ phase: 'pack', argv: ['npm', 'pack'] }],
} as unknown as RebuildPlan;

/** The real one, with the registry that npm is configured with. */
export function openEcosystem(): Promise<Ecosystem> {
  return ECOSYSTEMS.npm({ cacheDir, cwd: import.meta.dirname, registry: null, mirrors: [] });
}

export interface Searching {
  readonly published: Uint8Array;
  /** What the plan's packer made of the same files. */
  readonly rebuilt: Uint8Array;
  readonly engine: Engine;
  readonly ecosystem: Ecosystem;
}

/** Compares, then searches, as an attempt does. */
export function search({ published, rebuilt: bytes, engine, ecosystem }: Searching): Promise<Searched> {
  const rebuilt = { bytes, archive: archiveOf(bytes) };
  const sides = { published: artifactOf(published), rebuilt, source: sourceOf({}) };
  return searchExact({
    ...sides,
    comparison: compare({ ...sides, made: MADE }),
    plan: PLAN,
    workshop: {
      ecosystem,
      engine,
      rootfs: () => rootFilesystem({ cacheDir }),
      limits: SMALL_LIMITS,
      deadline: deadlineIn(5 * MINUTE),
      cacheDir,
    },
  });
}

/** The same tar stream in another compression. */
export function recompressed(published: Uint8Array): Buffer {
  return gzipOf(gunzipSync(published), { extraFlags: 4, operatingSystem: 3 });
}

/** The same files in another order, with other times and owners. */
export function repacked(published: Uint8Array): Buffer {
  const entries = archiveOf(published).entries.toReversed();
  return tarball(
    entries.map(({ storedName, content, mode }) =>
      tarEntry({ name: storedName, content: content.subarray(), mode, uid: 7, mtime: 1_700_000_000 }),
    ),
  );
}

/** An engine for what must not need one. */
export const NO_ENGINE: Engine = {
  name: 'bwrap',
  unavailable: () => Promise.resolve(null),
  sweep: () => Promise.resolve(),
  open: () => Promise.reject(new Error('a sandbox was opened')),
};
