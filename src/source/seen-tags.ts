import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { makeOwned, sweepOwned } from '../owner.ts';
import { nameOf } from './git-cache.ts';
import type { TagRef } from './repository.ts';

/** What a tag named when it was looked at. */
export interface Sighting {
  /** Of the annotated tag itself, or of the commit where there is none. */
  readonly object: string;
  readonly commit: string;
  /** When it was first seen to name this, ISO 8601. */
  readonly at: string;
}

const Id = z.string().regex(/^[0-9a-f]{40}$/);
const Memory = z.object({
  schemaVersion: z.literal(1),
  tags: z.array(
    z.tuple([z.string(), z.array(z.object({ object: Id, commit: Id, at: z.iso.datetime() })).min(1)]),
  ),
});

const LARGEST_MEMORY = 64 * 1024 * 1024;
/** A tag that is moved with every build is no release. */
const MOST_SIGHTINGS = 20;
const NEW_PREFIX = 'new-';

/**
 * Remembers what each tag of a remote names, and tells what it named whenever it was looked at before. Fetching follows
 * tags that were moved, so the copy of the repository itself forgets it. Every remote has a memory of its own: a mirror may
 * be behind.
 *
 * @param where.key what names the repository in the cache
 * @param at ISO 8601
 * @returns for each tag what it has named, the oldest first and the present last
 */
export async function rememberTags(
  where: { readonly cacheDir: string; readonly key: string; readonly remote: string },
  tags: readonly TagRef[],
  at: string,
): Promise<ReadonlyMap<string, readonly Sighting[]>> {
  const folder = path.join(where.cacheDir, 'seen-tags');
  const file = path.join(folder, `${nameOf([where.key, where.remote])}.json`);
  const seen = new Map(await recall(file));
  let changed = false;
  for (const { name, object, commit } of tags) {
    const before = seen.get(name) ?? [];
    if (before.at(-1)?.object === object) continue;
    seen.set(name, [...before, { object, commit, at }].slice(-MOST_SIGHTINGS));
    changed = true;
  }
  if (changed) await keep({ folder, file }, seen);
  return seen;
}

/** What was kept; nothing when there is nothing, or nothing that can be read. */
async function recall(file: string): Promise<ReadonlyMap<string, readonly Sighting[]>> {
  const size = await stat(file).then(
    (one) => one.size,
    () => null,
  );
  if (size === null || size > LARGEST_MEMORY) return new Map();
  try {
    const parsed = Memory.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return new Map(parsed.success ? parsed.data.tags : []);
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** Whoever reads meanwhile, or after this process was killed, has the old file or the new. */
async function keep(
  { folder, file }: { readonly folder: string; readonly file: string },
  seen: ReadonlyMap<string, readonly Sighting[]>,
): Promise<void> {
  await sweepOwned(folder, NEW_PREFIX);
  const own = await makeOwned(folder, NEW_PREFIX);
  try {
    const whole = path.join(own, 'memory.json');
    await writeFile(whole, JSON.stringify({ schemaVersion: 1, tags: [...seen] }));
    await rename(whole, file);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
