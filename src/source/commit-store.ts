import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Git, GitFailure } from './git.ts';

/** Where the files of one commit are read from. */
export interface CommitStore {
  /** `copy`: a repository that git fetched; `extract`: one with this commit alone (see `extractCommit`). */
  readonly kind: 'copy' | 'extract';
  readonly directory: string;
  readonly git: Git;
  /** Ids of blobs that the commit names and that are not there. */
  readonly missing: ReadonlySet<string>;
}

export interface ObjectIds {
  readonly present: readonly string[];
  readonly missing: readonly string[];
}

type Listed =
  { readonly ok: true; readonly value: ObjectIds } | { readonly ok: false; readonly failure: GitFailure };

/** Every object of a commit without its history, there or not. */
export async function objectsOf(git: Git, commit: string): Promise<Listed> {
  const args = ['rev-list', '--objects', '--no-walk', '--no-object-names', '--missing=print'];
  const listing = await git.run([...args, commit]);
  if (!listing.ok) return listing;
  const lines = listing.text.split('\n').filter((line) => line !== '');
  const missing = lines.filter((line) => line.startsWith('?')).map((line) => line.slice(1));
  const value = { present: lines.filter((line) => !line.startsWith('?')), missing: missing.toSorted() };
  return { ok: true, value };
}

/**
 * Copies objects from one repository into another as a pack. Their ids are computed anew from what came, so whatever is
 * not what its id says is simply not there afterwards.
 *
 * @param to.directory the folder that holds `objects`
 * @returns why nothing came; null when it did
 */
export async function copyObjects(options: {
  from: Git;
  to: { git: Git; directory: string };
  ids: readonly string[];
}): Promise<GitFailure | null> {
  const { from, to, ids } = options;
  const folder = path.join(to.directory, 'objects', 'pack');
  // No search for better deltas: the copy is short-lived, and those of the lender are taken over as they are.
  const args = ['pack-objects', '--quiet', '--window=0', '--delta-base-offset', path.join(folder, 'pack')];
  const packed = await from.feed(args, ids.map((id) => `${id}\n`).join(''));
  if (!packed.ok) return packed.failure;
  for (const name of Buffer.from(packed.bytes).toString('latin1').split('\n')) {
    if (name === '') continue;
    const pack = `pack-${name}.pack`;
    const indexes = (await readdir(folder)).filter(
      (file) => file.startsWith(`pack-${name}.`) && file !== pack,
    );
    await Promise.all(indexes.map((file) => rm(path.join(folder, file))));
    const indexed = await to.git.run(['index-pack', '-v', path.join(folder, pack)]);
    if (!indexed.ok) return indexed.failure;
  }
  return null;
}
