import { Deflate } from 'pako';

export interface DeflateOptions {
  readonly level: number;
  /** Classic zlib's way to find matches; else that of Chromium's zlib of today. */
  readonly classic: boolean;
}

/** Input is given in pieces, so that a wrong encoder is stopped early. The output does not depend on their size. */
const PIECE_BYTES = 64 * 1024;
/** What every packer leaves at zlib's default (deflateInit2, memLevel). */
const MEMORY_LEVEL = 8;

/**
 * The raw deflate stream (RFC 1951) of `data`, as long as it is `expected`; null from the first byte on that is not. The
 * bytes returned are the encoder's own.
 */
export function deflateExpecting(
  data: Uint8Array,
  expected: Uint8Array,
  { level, classic }: DeflateOptions,
): Uint8Array | null {
  const encoder = new Deflate({ raw: true, level, memLevel: MEMORY_LEVEL, legacyHash: classic });
  const chunks: Uint8Array[] = [];
  let length = 0;
  let equal = true;
  encoder.onData = (chunk) => {
    equal &&= Buffer.compare(chunk, expected.subarray(length, length + chunk.length)) === 0;
    chunks.push(chunk);
    length += chunk.length;
  };
  for (let start = 0; start < data.length; start += PIECE_BYTES) {
    const end = start + PIECE_BYTES;
    encoder.push(data.subarray(start, end), end >= data.length);
    if (!equal) return null;
  }
  return length === expected.length ? Buffer.concat(chunks) : null;
}
