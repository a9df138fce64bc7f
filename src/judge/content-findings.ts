import type { Content } from '../model/artifact.ts';
import type { Difference, EntrySummary } from '../model/comparison.ts';
import type { Finding, Severity } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import { type ContentFindingKind, FINDINGS } from './findings.ts';
import { type EntryRole, isNativeProgram } from './roles.ts';

/**
 * The findings about the content of one difference: what only the published file has. One with other bytes is looked
 * through as well as one that is new.
 */
export function contentFindings(
  difference: Difference,
  role: EntryRole,
): readonly Finding<ContentFindingKind>[] {
  const { kind, path, published, rebuilt } = difference;
  if (published === null || published.type !== 'file' || (kind !== 'added' && kind !== 'content')) return [];
  return [
    nativeProgram(path, published),
    hiddenText({ path, role, published: published.content, rebuilt: rebuilt?.content ?? null }),
  ].filter((finding) => finding !== null);
}

function nativeProgram(path: string, { content }: EntrySummary): Finding<'native-program'> | null {
  if (!isNativeProgram(content.subarray(0, FIRST_BYTES))) return null;
  const message = `${FINDINGS['native-program'].title}: ${visible(path)} holds machine code, which nobody can read as text.`;
  return { kind: 'native-program', severity: 'high', path, message, evidence: { size: content.length } };
}

/** As many as tell a program. */
const FIRST_BYTES = 64;
/** Bytes; what stands beyond is not looked through. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * In UTF-8, each byte as a character: a control of the direction of writing (UAX 9: U+202A to 202E, 2066 to 2069), or four
 * and more characters in a row that have no shape: U+200B to 200F, 2060 to 2064, FEFF, variation selectors (FE00 to FE0F,
 * E0100 to E01EF), tags (E0000 to E007F). Single ones belong to emoji and to the writing of many languages.
 */
const HIDDEN =
  /\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])|(?:\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]|\xf3\xa0[\x80\x81\x84-\x87][\x80-\xbf]){4,}/g;

function hiddenText(options: {
  readonly path: string;
  readonly role: EntryRole;
  readonly published: Content;
  readonly rebuilt: Content | null;
}): Finding<'hidden-text'> | null {
  const { path, role } = options;
  const { places, first } = hiddenIn(options.published);
  const more = options.rebuilt === null ? places : places - hiddenIn(options.rebuilt).places;
  if (first === null || more <= 0) return null;
  const severity: Severity = role === 'read-by-people' || role === 'data' ? 'low' : 'high';
  const count =
    options.rebuilt === null ? `${more} of them` : `${more} more of them than the file it is compared with`;
  const message = `${FINDINGS['hidden-text'].title}: ${visible(path)} has ${count}, the first at byte ${first.offset} (${first.name}).`;
  return { kind: 'hidden-text', severity, path, message, evidence: { offset: first.offset, places: more } };
}

interface Hidden {
  readonly places: number;
  /** The offset in bytes of the first place, and the name of its first character. */
  readonly first: { readonly offset: number; readonly name: string } | null;
}

/** Counts and keeps none but the first: a file can consist of such places. */
function hiddenIn(content: Content): Hidden {
  let places = 0;
  let first: Hidden['first'] = null;
  const length = Math.min(content.length, MOST_BYTES);
  for (let start = 0; start < length;) {
    const piece = pieceOf(content, start, length);
    for (const { index, 0: found } of piece.matchAll(HIDDEN)) {
      places += 1;
      first ??= { offset: start + index, name: nameOfFirst(found) };
    }
    start += piece.length;
  }
  return { places, first };
}

/** Bytes that are in memory at a time. */
const PIECE = 1024 ** 2;

/** What comes next, each byte as a character. It ends after a letter of ASCII, which no hidden place has within it. */
function pieceOf(content: Content, start: number, length: number): string {
  for (let size = PIECE; ; size *= 2) {
    const end = Math.min(start + size, length);
    const { buffer, byteOffset, byteLength } = content.subarray(start, end);
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const cut = end === length ? byteLength : bytes.findLastIndex((byte) => byte < 0x80) + 1;
    if (cut > 0) return bytes.toString('latin1', 0, cut);
  }
}

/** The first character of UTF-8 bytes, as Unicode writes it: `U+202E`. */
function nameOfFirst(bytes: string): string {
  const point = Buffer.from(bytes, 'latin1').toString('utf8').codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
