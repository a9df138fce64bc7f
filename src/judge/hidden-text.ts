import type { Content } from '../model/artifact.ts';
import { piecesBeyondAscii } from './pieces.ts';
import { surplusOf } from './surplus.ts';

/** Bytes; what stands beyond is not looked through. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * In UTF-8, each byte as a character: a control of the direction of writing (UAX 9: U+202A to 202E, 2066 to 2069), or four
 * and more characters in a row that have no shape: U+200B to 200F, 2060 to 2064, FEFF, variation selectors (FE00 to FE0F,
 * E0100 to E01EF), tags (E0000 to E007F). Single ones belong to emoji and to the writing of many languages.
 */
const HIDDEN =
  /\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])|(?:\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]|\xf3\xa0[\x80\x81\x84-\x87][\x80-\xbf]){4,}/g;

/** Runs of hidden characters that only the published file has. */
export interface Hidden {
  readonly places: number;
  /** Bytes from the start of the file to the first of them. */
  readonly offset: number;
  /** The first character of the first of them, as Unicode writes it: `U+202E`. */
  readonly name: string;
}

/**
 * Runs of characters that nobody sees and that the rebuilt file does not have, or not as often: one that was made longer, or
 * that says something else, is another run. Null when there are none.
 */
export function hiddenText(published: Content, rebuilt: Content | null): Hidden | null {
  const theirs = rebuilt === null ? [] : hiddenIn(rebuilt);
  const surplus = surplusOf(hiddenIn(published), theirs, ({ run }) => run);
  if (surplus === null) return null;
  const { places, first } = surplus;
  return { places, offset: first.offset, name: nameOfFirst(first.run) };
}

interface Found {
  readonly run: string;
  /** Bytes from the start of the content. */
  readonly offset: number;
}

function* hiddenIn(content: Content): Generator<Found> {
  for (const { start, bytes } of piecesBeyondAscii(content, { most: MOST_BYTES })) {
    for (const { index, 0: run } of bytes.toString('latin1').matchAll(HIDDEN))
      yield { run, offset: start + index };
  }
}

function nameOfFirst(bytes: string): string {
  const point = Buffer.from(bytes, 'latin1').toString('utf8').codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
