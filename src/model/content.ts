import type { Content } from './artifact.ts';

/** Bytes that are in memory at a time, of either side. */
const PIECE = 1024 ** 2;

/** For the pieces of either side, one after the other: fresh memory for each costs more than to look at them. */
function memories(length: number): readonly [Uint8Array, Uint8Array] {
  const size = Math.min(PIECE, length);
  return [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
}

/** Whether two contents are the same bytes. Pure. */
export function sameBytes(a: Content, b: Content): boolean {
  return a.length === b.length && differenceAt(a, b) === a.length;
}

/** Offset of the first byte that differs; the shorter length where one is the beginning of the other. Pure. */
export function differenceAt(a: Content, b: Content): number {
  const length = Math.min(a.length, b.length);
  const [memory, other] = memories(length);
  for (let start = 0; start < length; start += PIECE) {
    const end = Math.min(start + PIECE, length);
    const [ours, theirs] = [a.subarray(start, end, memory), b.subarray(start, end, other)];
    if (Buffer.compare(ours, theirs) === 0) continue;
    let at = 0;
    while (ours[at] === theirs[at]) at += 1;
    return start + at;
  }
  return length;
}

/** How many bytes two contents have in common at their ends, of at most `most`. Pure. */
export function sameLengthAtEnd(a: Content, b: Content, most: number): number {
  const [memory, other] = memories(most);
  for (let done = 0; done < most; done += PIECE) {
    const count = Math.min(PIECE, most - done);
    const ours = a.subarray(a.length - done - count, a.length - done, memory);
    const theirs = b.subarray(b.length - done - count, b.length - done, other);
    if (Buffer.compare(ours, theirs) === 0) continue;
    let same = 0;
    while (ours[count - 1 - same] === theirs[count - 1 - same]) same += 1;
    return done + same;
  }
  return most;
}

/** A part of a content, from one offset to before another; nothing is read. Pure. */
export function partOf(content: Content, from: number, to: number): Content {
  return {
    length: to - from,
    subarray: (start = 0, end = to - from, memory) =>
      content.subarray(from + Math.min(start, to - from), from + Math.min(end, to - from), memory),
  };
}

/** Whether a text stands anywhere in a content, as UTF-8. Pure. */
export function includesText(content: Content, text: string): boolean {
  const wanted = Buffer.from(text);
  for (let start = 0; start < content.length; start += PIECE) {
    // What begins in this piece may end in the next one.
    const piece = content.subarray(start, Math.min(start + PIECE + wanted.length, content.length));
    if (Buffer.from(piece.buffer, piece.byteOffset, piece.length).includes(wanted)) return true;
  }
  return false;
}

/** The line of an offset in bytes, from 1. Pure. */
export function lineAt(content: Content, offset: number): number {
  const end = Math.min(offset, content.length);
  const [memory] = memories(end);
  let line = 1;
  for (let start = 0; start < end; start += PIECE) {
    const piece = content.subarray(start, Math.min(start + PIECE, end), memory);
    // Of a large file this is millions of bytes, for which an iterator takes ten times as long.
    for (let at = 0; at < piece.length; at += 1) if (piece[at] === NEWLINE) line += 1;
  }
  return line;
}

const NEWLINE = 0x0a;
