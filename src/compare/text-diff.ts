import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Content } from '../model/artifact.ts';
import { differenceAt } from '../model/content.ts';
import { visible } from '../published/visible.ts';
import { textOf } from './utf8.ts';

export { visible };

/** Most lines added and removed together; beyond it only the first difference is shown. */
const MAX_EDITS = 2_000;
/** Most milliseconds that finding a line-by-line difference may take; `MAX_EDITS` is met long before, whatever the load. */
const TIMEOUT_MS = 10_000;
/** Larger texts are not compared line by line. */
const MAX_TEXT_BYTES = 1024 ** 2;
/** Bytes shown before and after the first byte that differs. */
const BEFORE = 48;
const AFTER = 160;
const HEX_ROW = 16;

export interface TextDifference {
  /** `lines` is a unified diff (`-` rebuilt, `+` published), `window` the surroundings of the first differing byte. */
  readonly form: 'lines' | 'window';
  /** Safe to print: invisible and control characters are shown as `<U+XXXX>`. */
  readonly text: string;
  /** Byte offset of the first difference, the same on both sides. */
  readonly offset: number;
  /** Whether something was left out. */
  readonly truncated: boolean;
}

export interface Sides {
  readonly from: string;
  readonly to: string;
}

const SIDES: Sides = { from: 'rebuilt', to: 'published' };

export interface TextDifferenceRequest {
  /** Null where there is no such file. */
  readonly published: Content | null;
  readonly rebuilt: Content | null;
  /** What the sides are called; default `rebuilt` and `published`. */
  readonly sides?: Sides;
  /** Most lines; default 40. */
  readonly maxLines?: number;
  /** Most characters of a line; default 160. */
  readonly maxWidth?: number;
}

/**
 * A short readable difference of two files: line by line where that can be read, else (binary, minified, too large, too
 * different) the surroundings of the first byte that differs, with its offset.
 */
export function textDifference(request: TextDifferenceRequest): TextDifference {
  const { maxLines = 40, maxWidth = 160, sides = SIDES } = request;
  const [published, rebuilt] = [request.published ?? NOTHING, request.rebuilt ?? NOTHING];
  const offset = differenceAt(published, rebuilt);
  const texts = [published, rebuilt].map(readableText);
  const [ours, theirs] = texts;
  if (ours !== undefined && ours !== null && theirs !== undefined && theirs !== null) {
    const lines = unifiedLines({ ours, theirs, maxWidth, sides });
    if (lines !== null) return { form: 'lines', offset, ...bounded(lines, maxLines) };
  }
  const rows = windowLines({ published, rebuilt, offset, hex: texts.includes(null), sides });
  return { form: 'window', offset, ...bounded(rows, maxLines) };
}

const NOTHING = new Uint8Array();

interface UnifiedRequest {
  readonly ours: string;
  readonly theirs: string;
  readonly maxWidth: number;
  readonly sides: Sides;
}

/** Null when it took too long, or when a changed line is too long to be shown whole: its end could hide the change. */
function unifiedLines({ ours, theirs, maxWidth, sides }: UnifiedRequest): readonly string[] | null {
  const patch = createTwoFilesPatch(sides.from, sides.to, theirs, ours, '', '', {
    context: 2,
    maxEditLength: MAX_EDITS,
    timeout: TIMEOUT_MS,
    headerOptions: FILE_HEADERS_ONLY,
  });
  if (patch === undefined) return null;
  const lines = patch.replace(/\n$/, '').split('\n');
  const shown = lines.map((line) => visible(line, { keepLines: true }));
  if (lines.some((line, index) => /^[+-]/.test(line) && (shown[index] ?? '').length > maxWidth)) return null;
  return shown.map((line) => (line.length > maxWidth ? `${line.slice(0, maxWidth)}...` : line));
}

/** The text of a file that can be shown as lines, or null: no UTF-8, or NUL bytes. */
function readableText(content: Content): string | null {
  if (content.length > MAX_TEXT_BYTES) return null;
  const bytes = content.subarray();
  return bytes.includes(0) ? null : textOf(bytes);
}

interface WindowRequest {
  readonly published: Content;
  readonly rebuilt: Content;
  readonly offset: number;
  readonly hex: boolean;
  readonly sides: Sides;
}

function windowLines({ published, rebuilt, offset, hex, sides }: WindowRequest): readonly string[] {
  const lines = [
    `first difference at byte ${offset} of ${published.length} (${sides.from}: ${rebuilt.length})`,
  ];
  for (const [mark, bytes] of [
    ['-', rebuilt],
    ['+', published],
  ] as const) {
    const binary = hex && !isText(bytes.subarray(Math.max(0, offset - BEFORE), offset + AFTER));
    lines.push(...(binary ? hexRows(mark, bytes, offset) : [excerpt(mark, bytes, offset)]));
  }
  return lines;
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.includes(0) && !Buffer.from(trimToCharacters(bytes)).toString('utf8').includes('\ufffd');
}

/** One line: what surrounds the offset, with marks where the file goes on. */
function excerpt(mark: string, bytes: Content, offset: number): string {
  const start = Math.max(0, offset - BEFORE);
  const end = Math.min(bytes.length, offset + AFTER);
  const text = visible(Buffer.from(trimToCharacters(bytes.subarray(start, end))).toString('utf8'));
  return `${mark}${start > 0 ? ' ...' : ' '}${text}${end < bytes.length ? '...' : ''}`;
}

/** Drops the parts of UTF-8 characters that a cut has left at either end. */
function trimToCharacters(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  let end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (needs > back) end -= back;
    break;
  }
  return bytes.subarray(start, end);
}

function hexRows(mark: string, bytes: Content, offset: number): readonly string[] {
  const from = Math.max(0, offset - (offset % HEX_ROW));
  return [0, 1, 2, 3].flatMap((row) => {
    const start = from + row * HEX_ROW;
    const part = bytes.subarray(start, start + HEX_ROW);
    if (part.length === 0) return [];
    const digits = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = [...part]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    return [`${mark} ${start.toString(16).padStart(8, '0')}  ${digits.padEnd(HEX_ROW * 3 - 1)}  ${text}`];
  });
}

function bounded(
  lines: readonly string[],
  maxLines: number,
): { readonly text: string; readonly truncated: boolean } {
  if (lines.length <= maxLines) return { text: lines.join('\n'), truncated: false };
  const rest = lines.length - maxLines;
  return { text: [...lines.slice(0, maxLines), `... and ${rest} more lines`].join('\n'), truncated: true };
}
