import type { Archive, Entry, GzipHeader } from '../model/artifact.ts';
import { sameBytes } from '../model/content.ts';
import type { Comparison } from '../model/comparison.ts';
import { BLOCK } from '../published/tar-header.ts';
import { visible } from '../published/visible.ts';

/** Fields of a tar header that say nothing about what is installed; permissions where they differ in no more than that. */
const FIELDS = {
  'stored names (first component)': (entry) => entry.storedName,
  permissions: (entry) => entry.mode.toString(8),
  'modification times': (entry) => entry.mtime,
  'user ids': (entry) => entry.uid,
  'group ids': (entry) => entry.gid,
  'user names': (entry) => entry.userName,
  'group names': (entry) => entry.groupName,
  'type flags': (entry) => entry.typeFlag,
  'PAX records': (entry) => JSON.stringify(entry.pax),
} as const satisfies Record<string, (entry: Entry) => string | number | null>;

/**
 * In words, how two archives of equal contents are wrapped differently: which header fields, what order, which gzip
 * header. The words name the published value first.
 */
export function wrappingDifferences(published: Archive, rebuilt: Archive): readonly string[] {
  const sameTar = sameBytes(published.tar, rebuilt.tar);
  return [
    ...(sameTar ? [] : tarDifferences(published, rebuilt)),
    ...gzipDifferences(published.gzip, rebuilt.gzip, sameTar),
  ];
}

/** A comparison that also says what the search for the published bytes found or tried in vain. */
export function withSearch(comparison: Comparison, words: string): Comparison {
  const wrapping = comparison.wrapping.filter((one) => one !== OTHER_ENCODER);
  return Object.freeze({ ...comparison, wrapping: Object.freeze([...wrapping, words]) });
}

const OTHER_ENCODER = 'the compressed stream (another encoder)';

function tarDifferences(published: Archive, rebuilt: Archive): readonly string[] {
  const words: string[] = [];
  const [ours, theirs] = [published, rebuilt].map(
    (archive) => archive.entries.filter((entry) => entry.type === 'directory').length,
  );
  if (ours !== theirs) words.push(`folder entries: ${ours} instead of ${theirs}`);
  const [left, right] = [ordinary(published), ordinary(rebuilt)];
  if (left.some((entry, index) => entry.path !== right[index]?.path)) words.push('the order of entries');
  const others = new Map(right.map((entry) => [entry.path, entry]));
  const pairs = left.flatMap((entry) => {
    const other = others.get(entry.path);
    return other === undefined ? [] : [[entry, other] as const];
  });
  for (const [name, valueOf] of Object.entries(FIELDS)) {
    const [first, ...more] = pairs.filter(([a, b]) => valueOf(a) !== valueOf(b));
    if (first === undefined) continue;
    const [a, b] = first.map((entry) => visible(String(valueOf(entry) ?? 'blank')));
    words.push(`${name}: ${a} instead of ${b}${more.length === 0 ? '' : `, and ${more.length} more`}`);
  }
  if (words.length > 0) return words;
  const equal = pairs.filter(([a, b]) => a.sha256 === b.sha256);
  const hasOther = equal.some(([a, b]) => Buffer.compare(headerOf(a, published), headerOf(b, rebuilt)) !== 0);
  if (hasOther) return ['how numbers are written in tar headers'];
  // What was normalized has a header of another size, and lies elsewhere in the stream.
  return equal.length < pairs.length ? [] : ['bytes of the tar stream outside of its entries'];
}

function headerOf({ offset }: Entry, { tar }: Archive): Uint8Array {
  return tar.subarray(offset, offset + BLOCK);
}

function ordinary(archive: Archive): readonly Entry[] {
  return archive.entries.filter((entry) => entry.type !== 'directory');
}

function gzipDifferences(published: GzipHeader, rebuilt: GzipHeader, sameTar: boolean): readonly string[] {
  const words: string[] = [];
  const compare = (what: string, ours: number, theirs: number): void => {
    if (ours !== theirs) words.push(`gzip ${what}: ${ours} instead of ${theirs}`);
  };
  compare('flags', published.flags, rebuilt.flags);
  compare('time', published.mtime, rebuilt.mtime);
  compare('compression level (XFL)', published.extraFlags, rebuilt.extraFlags);
  compare('operating system', published.operatingSystem, rebuilt.operatingSystem);
  return words.length === 0 && sameTar ? [OTHER_ENCODER] : words;
}
