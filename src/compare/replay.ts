import type { Archive, Entry } from '../model/artifact.ts';
import { BLOCK } from '../published/tar-header.ts';
import { type HeaderNumbers, withHeaderNumbers } from './headers.ts';

/**
 * Old packers took some of an archive from the disk on which it was packed. Nobody has that disk: these take it from the
 * published headers, as values and never as bytes. Each gives a tar stream, or null where there is nothing to take.
 */

/** What the files of the publisher's disk had before they were packed. */
const OF_FILES = {
  times: ({ mtime }) => (mtime === null ? {} : { mtime }),
  permissions: ({ mode }) => ({ mode }),
} as const satisfies Record<string, (published: Entry) => HeaderNumbers>;
export type OfFiles = keyof typeof OF_FILES;

/** Whether it is taken before packing, from each file. */
export function isOfFiles(what: string): what is OfFiles {
  return Object.hasOwn(OF_FILES, what);
}

/** With what the published entry of each path has of these. */
export function withDisk(rebuilt: Archive, published: Archive, copied: readonly OfFiles[]): Uint8Array {
  const entries = new Map(published.entries.map((entry) => [entry.path, entry]));
  return withHeaderNumbers(rebuilt, ({ path }) => {
    const entry = entries.get(path);
    if (entry === undefined) return {};
    return copied.reduce<HeaderNumbers>((numbers, what) => ({ ...numbers, ...OF_FILES[what](entry) }), {});
  });
}

/** Whether files of two archives have other permissions at the same paths. */
export function differInPermissions(rebuilt: Archive, published: Archive): boolean {
  const modes = new Map(published.entries.map((entry) => [entry.path, entry.mode]));
  return rebuilt.entries.some(({ path, mode }) => (modes.get(path) ?? mode) !== mode);
}

/** With the ids of the published entries, if all have the same: one person packed them, and others could say anything. */
export function withOwner(packed: Archive, { entries }: Archive): Uint8Array | null {
  const [first] = entries;
  if (first === undefined || first.uid === null || first.gid === null) return null;
  const { uid, gid } = first;
  const isOne = entries.every((entry) => entry.uid === uid && entry.gid === gid);
  return isOne ? withHeaderNumbers(packed, () => ({ uid, gid })) : null;
}

/** In the order of the published entries, if that is another one of the same names, each of which occurs once. */
export function inOrder(packed: Archive, published: Archive): Uint8Array | null {
  const parts = partsOf(packed);
  const wanted = published.entries.map(({ storedName }) => storedName);
  const given = packed.entries.map(({ storedName }) => storedName);
  if (parts.size !== given.length || wanted.length !== given.length) return null;
  if (wanted.every((name, index) => name === given[index])) return null;
  const ordered = wanted.flatMap((name) => parts.get(name) ?? []);
  if (new Set(wanted).size !== ordered.length) return null;
  const end = [...parts.values()].reduce((total, part) => total + part.length, 0);
  return Buffer.concat([...ordered, packed.tar.subarray(end)]);
}

/** The bytes of each entry, from the extended headers that belong to it to its padding. */
function partsOf({ tar: content, entries }: Archive): ReadonlyMap<string, Uint8Array> {
  const parts = new Map<string, Uint8Array>();
  const tar = content.subarray();
  let start = 0;
  for (const entry of entries) {
    const end = endOf(entry);
    parts.set(entry.storedName, tar.subarray(start, end));
    start = end;
  }
  return parts;
}

function endOf({ offset, size }: Entry): number {
  return offset + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
}
