import { crc32 } from 'node:zlib';
import type { Anomaly, Content, GzipHeader } from '../model/artifact.ts';
import type { Outcome } from '../model/verdict.ts';
import { cannot } from '../model/verdict.ts';
import { visible } from './visible.ts';
import { isAllZeros } from './zeros.ts';

/** Bytes of the CRC-32 and ISIZE that end a member. */
export const TRAILER_BYTES = 8;
/** RFC 1952 allows any number of members; each costs a decoder. */
export const MAX_MEMBERS = 64;
/**
 * Largest tar stream of a file of several members, and of one that is read into memory although its trailer does not
 * announce it: no packer writes those, so a small bomb dressed as one must not cost more than this.
 */
export const MAX_UNANNOUNCED_BYTES = 256 * 1024 ** 2;
/** FNAME is harmless only while it is a file name. */
const MAX_FILE_NAME_BYTES = 255;

/** RFC 1952, section 2.3.1: the bits of FLG. */
const FLAG = { FHCRC: 2, FEXTRA: 4, FNAME: 8, FCOMMENT: 16, RESERVED: 0xe0 } as const;

/** The header of one member. */
export interface ReadHeader {
  readonly header: GzipHeader;
  readonly end: number;
  readonly anomalies: readonly Anomaly[];
}

/** Reads a header that begins at `start` (RFC 1952, section 2.3). A string says what is wrong. */
export function readHeader(bytes: Uint8Array, start: number): ReadHeader | string {
  if (start + 10 > bytes.length) return 'a gzip header is cut off';
  const view = viewOf(bytes);
  if (!startsMember(bytes, start)) return 'it does not start with the gzip magic bytes 1f 8b';
  if (view.getUint8(start + 2) !== 8)
    return `its compression method is ${view.getUint8(start + 2)}, not deflate`;
  const flags = view.getUint8(start + 3);
  // Section 2.3.1.2: "must give an error indication if any reserved bit is non-zero".
  if ((flags & FLAG.RESERVED) !== 0) return `reserved header flags are set (0x${flags.toString(16)})`;
  const header: GzipHeader = {
    flags,
    mtime: view.getUint32(start + 4, true),
    extraFlags: view.getUint8(start + 8),
    operatingSystem: view.getUint8(start + 9),
  };
  const anomalies: Anomaly[] = [];
  let offset = start + 10;
  if ((flags & FLAG.FEXTRA) !== 0) {
    if (offset + 2 > bytes.length) return 'its FEXTRA field is cut off';
    const length = view.getUint16(offset, true);
    offset += 2 + length;
    if (offset > bytes.length) return 'its FEXTRA field is cut off';
    anomalies.push(
      oddHeader('gzip-header-field', `the gzip header carries an extra field of ${length} bytes`),
    );
  }
  if ((flags & FLAG.FNAME) !== 0) {
    const end = bytes.indexOf(0, offset);
    if (end === -1) return 'its FNAME field is cut off';
    anomalies.push(fileName(bytes.subarray(offset, end)));
    offset = end + 1;
  }
  if ((flags & FLAG.FCOMMENT) !== 0) {
    const end = bytes.indexOf(0, offset);
    if (end === -1) return 'its FCOMMENT field is cut off';
    anomalies.push(
      oddHeader('gzip-header-field', `the gzip header carries a comment of ${end - offset} bytes`),
    );
    offset = end + 1;
  }
  if ((flags & FLAG.FHCRC) !== 0) {
    if (offset + 2 > bytes.length) return 'its FHCRC field is cut off';
    const expected = crc32(bytes.subarray(start, offset)) & 0xffff;
    if (view.getUint16(offset, true) !== expected) return 'the checksum of its header is wrong';
    offset += 2;
    anomalies.push(oddHeader('gzip-header-field', 'the gzip header carries a checksum of itself'));
  }
  return { header, end: offset, anomalies };
}

/** ISIZE of the last eight bytes: what an ordinary, single-member file says that it holds (modulo 2^32). */
export function announcedSize(bytes: Content): number | null {
  const { length } = bytes;
  return length < 10 + TRAILER_BYTES ? null : viewOf(bytes.subarray(length - 4, length)).getUint32(0, true);
}

/** Whether a member begins here: the magic bytes. */
export function startsMember(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0x1f && bytes[offset + 1] === 0x8b;
}

/** The trailer of a member whose output is known, against that. A string says what is wrong. */
export function trailerProblem(
  trailer: Uint8Array,
  { start, crc, size }: { readonly start: number; readonly crc: number; readonly size: number },
): string | null {
  if (trailer.length < TRAILER_BYTES) return 'its trailer is cut off';
  const view = viewOf(trailer);
  if (view.getUint32(0, true) !== crc) return `the CRC-32 at byte ${start} is wrong`;
  if (view.getUint32(4, true) !== size % 2 ** 32) return `the size (ISIZE) at byte ${start + 4} is wrong`;
  return null;
}

function fileName(bytes: Uint8Array): Anomaly {
  const name = Buffer.from(bytes).toString('latin1');
  const plain = name.length <= MAX_FILE_NAME_BYTES && visible(name) === name;
  if (plain) return oddHeader('gzip-file-name', `the gzip header names the file ${JSON.stringify(name)}`);
  const detail = `the gzip header carries a file name of ${name.length} bytes: ${visible(name.slice(0, 80))}`;
  return oddHeader('gzip-header-field', detail);
}

function oddHeader(kind: 'gzip-header-field' | 'gzip-file-name', detail: string): Anomaly {
  return { kind, path: null, detail };
}

/** A member that is not the first. */
export function extraMember(offset: number, size: number): Anomaly {
  const detail = `a further gzip member starts at byte ${offset} and adds ${size} bytes to the archive`;
  return { kind: 'gzip-extra-member', path: null, detail };
}

/** What follows the last member. */
export function trailingBytes(bytes: Content, offset: number): Anomaly {
  const what = isAllZeros(bytes, offset) ? 'zero bytes' : 'bytes that belong to no gzip member';
  const detail = `${bytes.length - offset} ${what} follow at byte ${offset}`;
  return { kind: 'gzip-trailing-bytes', path: null, detail };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** It is no gzip file. */
export function invalid(why: string): Outcome<never> {
  return cannot(
    'artifact-invalid',
    `The artifact is not a gzip file as RFC 1952 defines it: ${why}. Look at the file itself before installing it.`,
  );
}

/** It expands beyond a limit, bytes. */
export function tooLarge(limit: number): Outcome<never> {
  return cannot(
    'resource-limit',
    `The artifact expands to more than ${limit} bytes, the most that is read. Hardly a package is that large, and a decompression bomb is: find out what it is before unpacking it.`,
  );
}
