import type { Archive, Entry } from '../model/artifact.ts';
import type { Contradiction, Source, TreeFile } from '../model/source.ts';
import { gitBlobId } from '../published/digests.ts';

/** Larger files are no texts that a checkout changes. */
const MOST_TEXT_BYTES = 4 * 1024 ** 2;

/**
 * The paths of the entries whose bytes no checkout of a commit puts there: a build has to make them. Folders are left out.
 * On Windows git checks texts out with CRLF (gitattributes(5), core.autocrlf).
 */
export function unexplainedByCommit(archive: Archive, source: Source): readonly string[] {
  const inCommit = commitLookup(source);
  const isCheckedOut = (entry: Entry) => inCommit(entry) || inCommit(withUnixEnds(entry));
  return archive.entries
    .filter((entry) => entry.type !== 'directory' && !isCheckedOut(entry))
    .map(({ path }) => path);
}

/** Texts of a commit, as paths of the archive, by whether they were published with its line ends or with those of Windows. */
export interface LineEnds {
  readonly kept: readonly string[];
  readonly windows: readonly string[];
}

/** Tells those texts apart; files that are not in the commit, and those without lines, are in neither list. Pure. */
export function lineEnds(archive: Archive, source: Source): LineEnds {
  const inCommit = commitLookup(source);
  const kept = archive.entries.filter((entry) => inCommit(entry) && hasLines(entry));
  const windows = archive.entries.filter((entry) => !inCommit(entry) && inCommit(withUnixEnds(entry)));
  return { kept: kept.map(({ path }) => path), windows: windows.map(({ path }) => path) };
}

/** The paths at which a commit has a link, and a regular file that names its target was published. Pure. */
export function linksAsFiles(archive: Archive, source: Source): readonly string[] {
  const root = rootOf(source);
  const links = new Map(
    source.tree.flatMap(({ path, mode, blobId }) => (mode === '120000' ? [[path, blobId]] : [])),
  );
  return archive.entries
    .filter(({ type, path, blobId }) => type === 'file' && links.get(root + path) === blobId)
    .map(({ path }) => path);
}

const LINE_FEED = 10;

function hasLines({ size, content }: Entry): boolean {
  return size <= MOST_TEXT_BYTES && content.subarray().includes(LINE_FEED);
}

function withUnixEnds(entry: Entry): Entry {
  if (entry.type !== 'file' || entry.size > MOST_TEXT_BYTES) return entry;
  const text = Buffer.from(entry.content.subarray()).toString('latin1');
  if (!text.includes('\r\n')) return entry;
  return { ...entry, blobId: gitBlobId(Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1')) };
}

/**
 * The files that a commit has with other bytes than were published at their path: it may be the wrong commit, or a build
 * writes there.
 *
 * @param manifest path of the file that publishing itself rewrites, which does not count
 */
export function contradictedByCommit(
  archive: Archive,
  source: Source,
  manifest: string,
): readonly Contradiction[] {
  const root = rootOf(source);
  const files = new Map(source.tree.map((file) => [file.path, file]));
  return archive.entries.flatMap((entry) => {
    const { type, path, blobId } = entry;
    const file = type === 'file' && path !== manifest ? files.get(root + path) : undefined;
    if (file === undefined || !isRegular(file) || file.blobId === blobId) return [];
    return file.blobId === withUnixEnds(entry).blobId ? [] : [{ file: file.path, blobId }];
  });
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
