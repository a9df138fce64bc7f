import { isAscii } from 'node:buffer';
import type { Content } from '../model/artifact.ts';

/** Bytes that are in memory at a time. */
const PIECE = 1024 ** 2;

/** Whether a byte is of ASCII and of no word, number or name: nothing that is looked for goes over it. */
export function isBetweenWords(byte: number): boolean {
  return byte < 0x80 && !/[\w$]/.test(String.fromCodePoint(byte));
}

/** A part of a content. */
export interface Piece {
  /** Bytes from the start of the content. */
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * A content in pieces of about a mebibyte, so that none of any size has to be in memory, without those that are nothing but
 * ASCII. Each ends between words; where that is nowhere for long, the piece is longer.
 *
 * @param options.most bytes; what stands beyond is left out
 */
export function* piecesBeyondAscii(content: Content, { most }: { readonly most: number }): Generator<Piece> {
  const length = Math.min(content.length, most);
  for (let start = 0; start < length;) {
    const bytes = pieceAt(content, start, length);
    if (!isAscii(bytes)) yield { start, bytes };
    start += bytes.length;
  }
}

function pieceAt(content: Content, start: number, length: number): Buffer {
  for (let size = PIECE; ; size *= 2) {
    const end = Math.min(start + size, length);
    const { buffer, byteOffset, byteLength } = content.subarray(start, end);
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const cut = end === length ? byteLength : bytes.findLastIndex(isBetweenWords) + 1;
    if (cut > 0) return bytes.subarray(0, cut);
  }
}
