import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ReproveError } from '../errors.ts';
import {
  exists,
  fetchLocked,
  fetchNewest,
  requirePackageTools,
  type LockedPackage,
  type PackageFile,
} from './debian.ts';
import type { RootFilesystem } from './engine.ts';
import { exclusively } from '../exclusive.ts';
import { RECIPE, unpackTree, writeImage } from './image.ts';
import { ownerIsGone, ownerName } from '../owner.ts';
import lockFile from './rootfs.lock.json' with { type: 'json' };

/** The packages of one architecture, and the image that they make. */
export interface RootfsLock {
  readonly imageId: string;
  readonly packages: readonly LockedPackage[];
}

const LOCKS: Readonly<Record<string, RootfsLock>> = lockFile.architectures;
const DEBIAN_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const SCRATCH_PREFIX = '.making-';

const descriptionSchema = z.object({
  imageId: z.string(),
  layerDigest: z.string(),
  lockDeviation: z.string().nullable(),
});

/** The lock of this machine's architecture. Throws `image-unavailable` when there is none. */
export function rootfsLock(): { readonly architecture: string; readonly lock: RootfsLock } {
  const architecture = DEBIAN_NAMES[process.arch] ?? process.arch;
  const lock = LOCKS[architecture];
  if (lock !== undefined) return { architecture, lock };
  throw new ReproveError('image-unavailable', {
    what: `There is no root file system for the architecture ${architecture}.`,
    why: `The lock has packages for ${Object.keys(LOCKS).join(', ')}.`,
    next: 'Run on one of these architectures.',
  });
}

/**
 * The root file system of every sandbox, made on first use (some seconds, about 50 MB to fetch, 400 MB on disk) and
 * kept below `cacheDir`; later calls only read one small file. Two processes may call it at once.
 * Throws ReproveError `image-unavailable`.
 */
export async function rootFilesystem(options: {
  readonly cacheDir: string;
  /** Told in one short sentence what is being done, when it takes time. */
  readonly onProgress?: (message: string) => void;
}): Promise<RootFilesystem> {
  const { architecture, lock } = rootfsLock();
  const parent = join(options.cacheDir, 'rootfs');
  const home = join(parent, keyOf(architecture, lock));
  const kept = await readKept(home);
  if (kept !== null) return kept;
  await requirePackageTools();
  await mkdir(parent, { recursive: true });
  return exclusively(`${home}.lock`, async () => {
    const made = await readKept(home);
    if (made !== null) return made;
    await sweep(parent);
    const scratch = await mkdtemp(join(parent, `${SCRATCH_PREFIX}${ownerName()}-`));
    try {
      await make({ scratch, architecture, lock, report: options.onProgress ?? (() => undefined) });
      await moveInto(join(scratch, 'result'), home);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    const result = await readKept(home);
    if (result !== null) return result;
    throw new ReproveError('internal', {
      what: 'The root file system was made but cannot be read.',
      why: `${home} is not as it was written.`,
      next: 'Remove this folder and try again.',
    });
  });
}

async function make(options: {
  readonly scratch: string;
  readonly architecture: string;
  readonly lock: RootfsLock;
  readonly report: (message: string) => void;
}): Promise<void> {
  const { scratch, architecture, lock, report } = options;
  report(`fetching ${lock.packages.length} Debian packages for the sandbox`);
  const { packages, deviation } = await fetchPackages({ scratch, architecture, lock });
  report('unpacking the root file system of the sandbox');
  const result = join(scratch, 'result');
  await mkdir(result);
  const tree = join(result, 'tree');
  await unpackTree({ packages, directory: tree, architecture });
  report('writing the image of the sandbox');
  const image = await writeImage({ tree, archive: join(result, 'image.tar'), architecture, scratch });
  const differs = deviation === null && image.imageId !== lock.imageId;
  const lockDeviation = differs
    ? `The root file system was put together from the locked packages but is ${image.imageId}, not the locked ${lock.imageId}.`
    : deviation;
  const description = { ...image, lockDeviation } satisfies z.infer<typeof descriptionSchema>;
  await writeFile(join(result, 'rootfs.json'), `${JSON.stringify(description)}\n`);
}

async function fetchPackages(options: {
  readonly scratch: string;
  readonly architecture: string;
  readonly lock: RootfsLock;
}): Promise<{ readonly packages: readonly PackageFile[]; readonly deviation: string | null }> {
  const { scratch, architecture, lock } = options;
  const directory = join(scratch, 'packages');
  const locked = await fetchLocked({ packages: lock.packages, directory, architecture });
  if (locked.missing.length === 0) return { packages: locked.files, deviation: null };
  const packages = await fetchNewest({ directory: join(scratch, 'newest'), architecture });
  return { packages, deviation: deviationOf(lock.packages, packages, locked.missing.length) };
}

/** Says which packages are not the locked ones; what a report shows must let a reader judge it. */
function deviationOf(
  locked: readonly LockedPackage[],
  used: readonly PackageFile[],
  missing: number,
): string {
  const versions = new Map(locked.map((one) => [one.name, one.version]));
  const other = used.filter((one) => versions.get(one.name) !== one.version);
  const named = other
    .slice(0, 5)
    .map((one) => `${one.name} ${one.version} (locked: ${versions.get(one.name) ?? 'none'})`);
  const more = other.length > named.length ? ` and ${other.length - named.length} more` : '';
  const which = other.length === 0 ? 'all versions are the same' : `${named.join(', ')}${more}`;
  return `${missing} of ${locked.length} locked packages could not be had, so the newest were taken instead: ${which}.`;
}

/** The name of a root file system in the cache: a function of all that it is made from. */
function keyOf(architecture: string, lock: RootfsLock): string {
  const ingredients = [RECIPE, architecture, lock.packages.map((one) => one.sha256)];
  return createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 20);
}

async function readKept(home: string): Promise<RootFilesystem | null> {
  const text = await readFile(join(home, 'rootfs.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const description = descriptionSchema.parse(JSON.parse(text));
  return { ...description, directory: join(home, 'tree'), archive: join(home, 'image.tar') };
}

/** One rename, so a folder of this name is always whole; when another process was first, its folder stays. */
async function moveInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await exists(join(to, 'rootfs.json')))) throw error;
  }
}

/** Removes what processes that were killed left half-made. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(SCRATCH_PREFIX)) continue;
    const owner = name.slice(SCRATCH_PREFIX.length, name.lastIndexOf('-'));
    if (ownerIsGone(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
