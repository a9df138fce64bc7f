import { crc32 } from 'node:zlib';
import type { Artifact, GzipHeader } from '../model/artifact.ts';
import { sameBytes } from '../model/content.ts';
import { deflateExpecting } from './deflate.ts';

/** A gzip file that equals the published one byte for byte, and what made it. */
export interface Recompressed {
  readonly bytes: Uint8Array;
  /** In words, for example `classic zlib, level 6, OS 19`. */
  readonly gzip: string;
}

/** RFC 1952, section 2.3: magic, method, flags, time, XFL, OS; CRC-32 and size after the stream. */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** The most frequent first. `docs/packing.md` says who has which. */
const ENCODERS = [
  { name: 'Chromium zlib', classic: false },
  { name: 'classic zlib', classic: true },
] as const;

/** Names of the encoders that `recompress` has. */
export const ENCODER_NAMES: readonly string[] = ENCODERS.map(({ name }) => name);

/** The levels at which zlib writes an XFL (deflate.c), the most frequent first. */
const LEVELS: Readonly<Record<number, readonly number[]>> = { 0: [6, 7, 8, 5, 4, 3, 2], 2: [9], 4: [1] };
/** FAT, Unix, NTFS as RFC 1952 and as zlib number it, macOS, unknown: what the zlib of any system writes. */
const OPERATING_SYSTEMS: readonly number[] = [0, 3, 10, 11, 19, 255];

/**
 * The levels that a gzip header can stand for. Empty for a header that no packer writes (a flag, a time, another byte):
 * what is only copied would be called reproduced, so nothing but XFL and OS is, and these only from short lists.
 */
export function levelsOf({ flags, mtime, extraFlags, operatingSystem }: GzipHeader): readonly number[] {
  if (flags !== 0 || mtime !== 0 || !OPERATING_SYSTEMS.includes(operatingSystem)) return [];
  return LEVELS[extraFlags] ?? [];
}

/** Compresses a tar stream with every encoder of this process until one gives the published file exactly. Pure. */
export function recompress(tar: Uint8Array, published: Artifact): Recompressed | null {
  const expected = published.bytes.subarray(HEADER_BYTES, published.bytes.length - TRAILER_BYTES);
  for (const level of levelsOf(published.archive.gzip)) {
    for (const { name, classic } of ENCODERS) {
      const stream = deflateExpecting(tar, expected, { level, classic });
      const whole = stream === null ? null : recompressed({ tar, stream, level, published, encoder: name });
      if (whole !== null) return whole;
    }
  }
  return null;
}

export interface StreamOptions {
  readonly tar: Uint8Array;
  /** A deflate stream that an encoder made of the tar. */
  readonly stream: Uint8Array;
  readonly level: number;
  /** In words. */
  readonly encoder: string;
  readonly published: Artifact;
}

/** Puts a gzip header and trailer around a stream; null unless that is the published file, byte for byte. Pure. */
export function recompressed({ tar, stream, level, encoder, published }: StreamOptions): Recompressed | null {
  const { gzip } = published.archive;
  if (!levelsOf(gzip).includes(level)) return null;
  const { extraFlags, operatingSystem } = gzip;
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extraFlags, operatingSystem]);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(tar), 0);
  trailer.writeUInt32LE(tar.length % 2 ** 32, 4);
  const bytes = Buffer.concat([header, stream, trailer]);
  if (!sameBytes(bytes, published.bytes)) return null;
  return { bytes, gzip: `${encoder}, level ${level}, OS ${operatingSystem}` };
}
