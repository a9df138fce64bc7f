import type { Difference } from '../model/comparison.ts';
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
    nativeProgram(path, published.content),
    hiddenText({ path, role, published: published.content, rebuilt: rebuilt?.content ?? new Uint8Array() }),
  ].filter((finding) => finding !== null);
}

function nativeProgram(path: string, content: Uint8Array): Finding<'native-program'> | null {
  if (!isNativeProgram(content)) return null;
  const message = `${FINDINGS['native-program'].title}: ${visible(path)} holds machine code, which nobody can read as text.`;
  return { kind: 'native-program', severity: 'high', path, message, evidence: { size: content.length } };
}

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
  readonly published: Uint8Array;
  readonly rebuilt: Uint8Array;
}): Finding<'hidden-text'> | null {
  const { path, role } = options;
  const [ours, theirs] = [options.published, options.rebuilt].map(hiddenIn);
  const [first] = ours ?? [];
  const more = (ours?.length ?? 0) - (theirs?.length ?? 0);
  if (first === undefined || more <= 0) return null;
  const severity: Severity = role === 'read-by-people' || role === 'data' ? 'low' : 'high';
  const places = more === 1 ? 'place' : 'places';
  const message = `${FINDINGS['hidden-text'].title}: ${visible(path)} has ${more} more such ${places} than the source produces, the first at byte ${first.index} (${first.name}).`;
  return { kind: 'hidden-text', severity, path, message, evidence: { offset: first.index, places: more } };
}

/** Every hidden place: its offset in bytes, and its first character. */
function hiddenIn(content: Uint8Array): readonly { readonly index: number; readonly name: string }[] {
  const text = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, MOST_BYTES));
  return [...text.toString('latin1').matchAll(HIDDEN)].map(({ index, 0: bytes }) => {
    const point = Buffer.from(bytes, 'latin1').toString('utf8').codePointAt(0) ?? 0;
    return { index, name: `U+${point.toString(16).toUpperCase().padStart(4, '0')}` };
  });
}
