import { createHash, hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Material, RebuildPlan, Tool } from './model/plan.ts';
import { makeOwned, sweepOwned } from './owner.ts';
import type { Limits, Mount } from './sandbox/engine.ts';
import { VERSION } from './version.ts';

/** To be raised when another tree would come out of the same ingredients, or would be stored in another way. */
const FORMAT = 4;
const GIBIBYTE = 1024 ** 3;
const ARCHIVE = 'tree.tar';
const DESCRIPTION = 'tree.json';
const NEW_PREFIX = 'new-';

/** What a fetch phase had to tell, beside the tree that it left. */
export interface FetchRecord {
  readonly materials: readonly Material[];
  /** What the registry view let in against its clock, and what it let stand in, each with the reason. */
  readonly repairs: readonly string[];
  /** Those of the repairs that stand in for what a lockfile names. */
  readonly standIns: readonly string[];
  /** Optional steps that failed, in words. */
  readonly skipped: readonly string[];
}

/** A tree that was kept. */
export interface FetchedTree {
  /** What `Sandbox.save` wrote. */
  readonly archive: string;
  readonly record: FetchRecord;
  /** Reads all of it. */
  isIntact(): Promise<boolean>;
}

/** Everything that has a part in what a fetch phase leaves. */
export interface TreeIngredients {
  readonly plan: RebuildPlan;
  readonly source: {
    readonly repository: string;
    readonly commit: string;
    /** Paths that the rebuild went without. */
    readonly missing: readonly string[];
  };
  /** What a `.git` is made from beside the commit; null when there is none. */
  readonly git: { readonly ref: string | null; readonly object: string | null } | null;
  /** What is shown of which registry (`Ecosystem.registryIdentity`). */
  readonly registry: string;
  readonly tools: readonly Tool[];
  readonly mounts: readonly Mount[];
  /** Of the root file system. */
  readonly layerDigest: string;
  readonly limits: Limits;
}

/** The name of a tree: equal only for trees of which every ingredient is the same. */
export function treeKey(made: TreeIngredients): string {
  const { plan, source, limits } = made;
  const ingredients = [
    [FORMAT, VERSION],
    [source.repository, source.commit, source.missing, made.git],
    plan.steps.filter((step) => step.phase === 'fetch'),
    [plan.registryTime, made.registry],
    [made.tools, made.mounts, made.layerDigest],
    // Time is left out: it decides only whether there is a tree.
    [limits.memoryBytes, limits.diskBytes, limits.processes],
  ];
  return hash('sha256', JSON.stringify(ingredients));
}

const Description = z.strictObject({
  sha256: z.string(),
  record: z.strictObject({
    materials: z.array(
      z.strictObject({
        name: z.string(),
        version: z.string(),
        uri: z.string(),
        sha512: z.string(),
        size: z.number(),
        license: z.string().nullable(),
        afterCutoff: z.boolean(),
      }),
    ),
    repairs: z.array(z.string()),
    standIns: z.array(z.string()),
    skipped: z.array(z.string()),
  }),
});

/**
 * The place of one tree in the folder of all: whoever would fetch the very same finds it there. Losing a tree costs
 * time, never correctness. Several processes may use the folder at once.
 */
export class TreeSlot {
  readonly #folder: string;
  readonly #home: string;
  readonly #maxBytes: () => Promise<number>;
  #storing: Promise<void> | null = null;

  /**
   * @param options.folder holds all trees
   * @param options.key see `treeKey`
   * @param options.maxBytes of all trees; default: 10 GiB, or a tenth of what they could have if that is less
   */
  constructor(options: { readonly folder: string; readonly key: string; readonly maxBytes?: number }) {
    const { folder, key, maxBytes } = options;
    this.#folder = folder;
    this.#home = join(folder, key);
    this.#maxBytes = async () => maxBytes ?? defaultMaxBytes(folder);
  }

  /**
   * The tree; null when there is none, or none is to be kept.
   *
   * @param place a folder on the same file system for a link to it: whoever makes room meanwhile takes nothing from us
   */
  async find(place: string): Promise<FetchedTree | null> {
    const archive = join(place, ARCHIVE);
    if ((await this.#maxBytes()) === 0) return null;
    try {
      const { sha256, record } = parseDescription(await readFile(join(this.#home, DESCRIPTION), 'utf8'));
      await link(join(this.#home, ARCHIVE), archive);
      const now = new Date();
      await utimes(this.#home, now, now);
      return {
        archive,
        record,
        isIntact: async () => (await digestOf(archive).catch(() => null)) === sha256,
      };
    } catch {
      // Never kept, damaged, or just being removed.
      return null;
    }
  }

  /** Drops a tree that turned out to be of no use. */
  async drop(): Promise<void> {
    await remove(this.#home);
  }

  /**
   * Keeps a tree. One that cannot be kept is no error: the next rebuild fetches again. Resolves as soon as all of it is
   * written; what is left to do about it goes on, until `settled`.
   *
   * @param save writes it to a stream if it is not more than so many bytes, or gives false
   */
  async keep(record: FetchRecord, save: Save): Promise<void> {
    const maxBytes = await this.#maxBytes();
    // A larger one would push out too many others.
    const most = Math.floor(maxBytes / 4);
    if (most === 0) return;
    await sweepOwned(this.#folder, NEW_PREFIX);
    const folder = await makeOwned(this.#folder, NEW_PREFIX).catch(() => null);
    if (folder === null) return;
    const isWritten = await write(join(folder, ARCHIVE), most, save).catch(async (error: unknown) => {
      await remove(folder);
      throw error;
    });
    this.#storing = isWritten ? this.#store(folder, record, maxBytes) : remove(folder);
  }

  /** Waits for the end of what `keep` began. */
  async settled(): Promise<void> {
    await this.#storing;
  }

  async #store(folder: string, record: FetchRecord, maxBytes: number): Promise<void> {
    const archive = join(folder, ARCHIVE);
    try {
      const { size } = await stat(archive);
      const text = describe({ sha256: await digestOf(archive), record });
      await writeFile(join(folder, DESCRIPTION), text);
      await makeRoom(this.#folder, maxBytes - size);
      await remove(this.#home);
      // One rename, so what is there is always whole.
      await rename(folder, this.#home);
    } catch {
      // The disk takes no more; or another process was quicker, and its tree is as good.
      await remove(folder);
    }
  }
}

type Save = (into: Writable, maxBytes: number) => Promise<boolean>;

/** Removes what was not used for the longest time until the rest is no more than `maxBytes`. */
async function makeRoom(folder: string, maxBytes: number): Promise<void> {
  const trees = await treesIn(folder);
  let held = trees.reduce((sum, tree) => sum + tree.size, 0);
  for (const { home, size } of trees.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (held <= maxBytes) return;
    await remove(home);
    held -= size;
  }
}

/** `REPROVE_FETCHED_BYTES` when set (0: keep none). The trees themselves count as free, or their room would shrink with them. */
async function defaultMaxBytes(folder: string): Promise<number> {
  const set = process.env['REPROVE_FETCHED_BYTES'] ?? '';
  if (/^[0-9]+$/.test(set)) return Number(set);
  try {
    await mkdir(folder, { recursive: true });
    const [disk, trees] = await Promise.all([statfs(folder), treesIn(folder)]);
    const held = trees.reduce((sum, tree) => sum + tree.size, 0);
    return Math.min(10 * GIBIBYTE, Math.floor((disk.bavail * disk.bsize + held) / 10));
  } catch {
    return 0;
  }
}

/** Gives false when it is larger than that, `save` did not write all of it, or the disk did not take it. */
async function write(file: string, maxBytes: number, save: Save): Promise<boolean> {
  let size = 0;
  const into = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      size += chunk.length;
      // Of many small files the names are what is large.
      if (size > maxBytes) done(new Error('It is too large.'));
      else done(null, chunk);
    },
  });
  const written = pipeline(into, createWriteStream(file)).then(
    () => true,
    () => false,
  );
  const isWhole = await save(into, maxBytes).finally(() => into.end());
  return (await written) && isWhole;
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  const chunks: AsyncIterable<Uint8Array> = createReadStream(file, { highWaterMark: 1024 * 1024 });
  for await (const chunk of chunks) digest.update(chunk);
  return digest.digest('hex');
}

/** One line with the digest of the other, which says what belongs to the archive. */
function describe(description: { readonly sha256: string; readonly record: FetchRecord }): string {
  const text = JSON.stringify(description);
  return `${hash('sha256', text)}\n${text}`;
}

/** Throws for what is not as it was written. */
function parseDescription(written: string): z.infer<typeof Description> {
  const [digest, text = ''] = written.split('\n');
  if (hash('sha256', text) !== digest) throw new Error('It is damaged.');
  return Description.parse(JSON.parse(text));
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

interface KeptTree {
  readonly home: string;
  readonly size: number;
  readonly usedMs: number;
}

async function treesIn(folder: string): Promise<readonly KeptTree[]> {
  const names = await readdir(folder).catch(() => []);
  const trees = names
    .filter((name) => !name.startsWith(NEW_PREFIX))
    .map(async (name): Promise<KeptTree> => {
      const home = join(folder, name);
      const [used, archive] = await Promise.all([
        stat(home).catch(() => null),
        stat(join(home, ARCHIVE)).catch(() => null),
      ]);
      return { home, size: archive?.size ?? 0, usedMs: used?.mtimeMs ?? 0 };
    });
  return Promise.all(trees);
}
