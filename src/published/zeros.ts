import type { Content } from '../model/artifact.ts';

const ZEROS = Buffer.alloc(64 * 1024);

/** Offset of the first byte that is not zero, or -1. Looks at large chunks, so a gigabyte of zeros costs little. */
export function firstNonZero(bytes: Uint8Array): number {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const chunk = bytes.subarray(start, start + ZEROS.length);
    if (Buffer.compare(chunk, ZEROS.subarray(0, chunk.length)) === 0) continue;
    return start + chunk.findIndex((byte) => byte !== 0);
  }
  return -1;
}

/** Whether there is nothing but zeros from an offset on. */
export function isAllZeros(bytes: Content, offset: number): boolean {
  for (let start = offset; start < bytes.length; start += ZEROS.length) {
    const chunk = bytes.subarray(start, Math.min(start + ZEROS.length, bytes.length));
    if (firstNonZero(chunk) !== -1) return false;
  }
  return true;
}
