import type { Content } from '../model/artifact.ts';
import { textOf } from './utf8.ts';

/** More indentation than any formatter writes would be a place to keep things. */
const INDENTS: readonly (string | number)[] = [0, 1, 2, 3, 4, 8, '\t'];
const LINE_ENDS = ['\n', '\r\n'];
/** White space between tokens (RFC 8259, section 2). */
const SPACE = ' \t\n\r';

/**
 * Whether two JSON texts are the same value written with other white space. It holds back on everything else:
 *
 * - the published text must be, byte for byte, what `JSON.stringify` writes for its own value with some common
 *   indentation, so its white space holds no information, and duplicate keys, odd escapes and numbers, a byte order
 *   mark or invalid UTF-8 cannot be there;
 * - without white space the rebuilt text must be the very same text, so the order of keys counts (conditions of
 *   `exports` are tried in order) and duplicate keys on this side are no match either;
 * - a key `__proto__`, which some readers assign instead of define, is never normalized.
 */
export function sameJsonValue(published: Content, rebuilt: Content): boolean {
  const [publishedText, rebuiltText] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  if (publishedText === null || rebuiltText === null) return false;
  const value = parse(publishedText);
  if (value === undefined || !isObject(value)) return false;
  const compact = stringify(value, 0);
  if (compact === null || compact.includes('"__proto__"')) return false;
  if (!isFormatted(publishedText, value)) return false;
  return parse(rebuiltText) !== undefined && withoutSpace(rebuiltText) === compact;
}

function isFormatted(text: string, value: object): boolean {
  return INDENTS.some((indent) => {
    const plain = stringify(value, indent);
    if (plain === null) return false;
    return LINE_ENDS.some((end) => {
      const formatted = plain.replaceAll('\n', end);
      return text === formatted || text === formatted + end;
    });
  });
}

/** Null for values nested so deeply that writing them overflows the stack. */
function stringify(value: object, indent: string | number): string | null {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The text without the white space between its tokens; a loop, since a long string overflows a regular expression. */
export function withoutSpace(text: string): string {
  const parts: string[] = [];
  let start = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (inString && character === '\\') at++;
    else if (character === '"') inString = !inString;
    else if (!inString && SPACE.includes(character)) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return parts.join('') + text.slice(start);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
