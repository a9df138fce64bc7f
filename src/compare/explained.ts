import type { Archive, Entry } from '../model/artifact.ts';
import type { Source, TreeFile } from '../model/source.ts';

/** How much of an archive is explained by a commit alone, without building anything. */
export interface Explained {
  /** Entries whose bytes are those of the commit at the same path below the package's directory. */
  readonly verbatim: number;
  readonly total: number;
  /** Paths of the other entries. */
  readonly unexplained: readonly string[];
}

/** Asks of every entry whether the commit has the same bytes at the same path; folders are not counted. */
export function explainedByCommit(archive: Archive, source: Source): Explained {
  const inCommit = commitLookup(source);
  const entries = archive.entries.filter((entry) => entry.type !== 'directory');
  const unexplained = entries.filter((entry) => !inCommit(entry)).map((entry) => entry.path);
  return { verbatim: entries.length - unexplained.length, total: entries.length, unexplained };
}

/**
 * How many entries are at a path at which the commit has a file of other bytes: it may be the wrong commit, or a build
 * writes there.
 *
 * @param manifest path of the file that publishing itself rewrites, which does not count
 */
export function contradictedByCommit(archive: Archive, source: Source, manifest: string): number {
  const root = rootOf(source);
  const files = new Map(source.tree.map((file) => [file.path, file]));
  return archive.entries.filter(({ type, path, blobId }) => {
    const file = type === 'file' && path !== manifest ? files.get(root + path) : undefined;
    return file !== undefined && isRegular(file) && file.blobId !== blobId;
  }).length;
}

/**
 * A test for "the commit has these bytes at this very path". Path equality is required: a payload that happens to be a
 * blob elsewhere in the repository (a test fixture, say) explains nothing about the path at which it was published.
 */
export function commitLookup(source: Source): (entry: Entry) => boolean {
  const files = new Map(source.tree.map((file) => [file.path, file]));
  const root = rootOf(source);
  return (entry) => {
    const file = files.get(root + entry.path);
    return entry.type === 'file' && file !== undefined && isRegular(file) && file.blobId === entry.blobId;
  };
}

function rootOf({ directory }: Source): string {
  return directory === '.' || directory === '' ? '' : `${directory.replace(/\/+$/, '')}/`;
}

/** Links and submodules of a commit are not the content that their id names. */
function isRegular(file: TreeFile): boolean {
  return file.mode === '100644' || file.mode === '100755';
}
