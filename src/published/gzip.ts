import { crc32, inflateRawSync } from 'node:zlib';
import type { Anomaly, GzipHeader } from '../model/artifact.ts';
import type { Outcome } from '../model/verdict.ts';
import { cannot, found } from '../model/verdict.ts';
import { visible } from './visible.ts';
import { firstNonZero } from './zeros.ts';

/** Largest tar stream that is read unless the caller says otherwise, bytes. */
export const DEFAULT_MAX_BYTES = 1024 ** 3;
/**
 * Largest tar stream of a file whose trailer does not announce it (extra members, trailing bytes): no packer writes
 * those, so a small bomb dressed as one must not cost more memory than this.
 */
const MAX_UNANNOUNCED_BYTES = 256 * 1024 ** 2;
/** RFC 1952 allows any number; each costs a decoder. */
const MAX_MEMBERS = 64;
const TRAILER_BYTES = 8;
/** FNAME is harmless only while it is a file name. */
const MAX_FILE_NAME_BYTES = 255;

/** RFC 1952, section 2.3.1: the bits of FLG. */
const FLAG = { FHCRC: 2, FEXTRA: 4, FNAME: 8, FCOMMENT: 16, RESERVED: 0xe0 } as const;

export interface GunzipOptions {
  /** Largest output, bytes. */
  readonly maxBytes?: number;
}

/** A gzip file, read. */
export interface Gunzipped {
  /** The header of the first member. */
  readonly header: GzipHeader;
  /** The output of all members, one after another, as every gunzip gives it. */
  readonly bytes: Uint8Array;
  /** Where the last member ends in the file; what follows is an anomaly. */
  readonly end: number;
  readonly anomalies: readonly Anomaly[];
}

/**
 * Reads a gzip file (RFC 1952) and checks every length and checksum in it.
 *
 * Fails with `artifact-invalid` when it is no gzip file, and with `resource-limit` when it expands beyond `maxBytes`. The
 * output never takes more memory than the file's trailer announces or, where that cannot be believed, 256 MiB.
 */
export function gunzipStrict(bytes: Uint8Array, options: GunzipOptions = {}): Outcome<Gunzipped> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const announced = announcedSize(bytes);
  if (announced === null) return invalid('it is shorter than the shortest gzip file');

  // An announcement beyond the limit is not believed either: trailing bytes read as a size can say anything.
  if (announced <= maxBytes) {
    const ordinary = readMembers(bytes, { limit: announced, single: true });
    if (ordinary.kind === 'done') return found(ordinary.value);
    if (ordinary.kind === 'invalid') return invalid(ordinary.message);
  }
  const limit = Math.min(maxBytes, MAX_UNANNOUNCED_BYTES);
  const odd = readMembers(bytes, { limit, single: false });
  if (odd.kind === 'done') return found(odd.value);
  return odd.kind === 'invalid' ? invalid(odd.message) : tooLarge(announced > maxBytes ? maxBytes : limit);
}

type Reading =
  | { readonly kind: 'done'; readonly value: Gunzipped }
  | { readonly kind: 'invalid'; readonly message: string }
  /** More output than the limit, or (of a single reading) more than one member. */
  | { readonly kind: 'over' };

function readMembers(bytes: Uint8Array, { limit, single }: { limit: number; single: boolean }): Reading {
  const outputs: Uint8Array[] = [];
  const anomalies: Anomaly[] = [];
  let first: GzipHeader | null = null;
  let offset = 0;
  let total = 0;
  while (offset < bytes.length && (offset === 0 || startsMember(bytes, offset))) {
    if (outputs.length === MAX_MEMBERS)
      return { kind: 'invalid', message: `it has more than ${MAX_MEMBERS} members` };
    const header = readHeader(bytes, offset);
    if (typeof header === 'string')
      return { kind: 'invalid', message: `${header} (member at byte ${offset})` };
    const member = readMember(bytes, { start: header.end, limit: limit - total });
    if (member.kind !== 'member') return member;
    if (single && member.end !== bytes.length) return { kind: 'over' };
    anomalies.push(...header.anomalies);
    if (first !== null) anomalies.push(extraMember(offset, member.output.length));
    first ??= header.header;
    outputs.push(member.output);
    total += member.output.length;
    offset = member.end;
  }
  if (first === null) return { kind: 'invalid', message: 'it has no member' };
  if (offset < bytes.length) anomalies.push(trailingBytes(bytes, offset));
  const [only] = outputs;
  const output = outputs.length === 1 && only !== undefined ? only : Buffer.concat(outputs);
  return { kind: 'done', value: { header: first, bytes: output, end: offset, anomalies } };
}

/** ISIZE of the last eight bytes: what an ordinary, single-member file says that it holds (modulo 2^32). */
function announcedSize(bytes: Uint8Array): number | null {
  return bytes.length < 10 + TRAILER_BYTES ? null : viewOf(bytes).getUint32(bytes.length - 4, true);
}

function startsMember(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0x1f && bytes[offset + 1] === 0x8b;
}

interface ReadHeader {
  readonly header: GzipHeader;
  readonly end: number;
  readonly anomalies: readonly Anomaly[];
}

/** RFC 1952, section 2.3. A string says what is wrong. */
function readHeader(bytes: Uint8Array, start: number): ReadHeader | string {
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

type ReadMember =
  | { readonly kind: 'member'; readonly output: Uint8Array; readonly end: number }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'over' };

function readMember(bytes: Uint8Array, { start, limit }: { start: number; limit: number }): ReadMember {
  const inflated = inflate(bytes.subarray(start), limit);
  if (inflated.kind === 'over') return inflated;
  if (inflated.kind === 'invalid') {
    return {
      kind: 'invalid',
      message: `its deflate stream at byte ${start} is damaged: ${inflated.message}`,
    };
  }
  const trailer = start + inflated.consumed;
  if (trailer + TRAILER_BYTES > bytes.length) return { kind: 'invalid', message: 'its trailer is cut off' };
  const view = viewOf(bytes);
  const { output } = inflated;
  if (view.getUint32(trailer, true) !== crc32(output)) {
    return { kind: 'invalid', message: `the CRC-32 at byte ${trailer} is wrong` };
  }
  if (view.getUint32(trailer + 4, true) !== output.length % 2 ** 32) {
    return { kind: 'invalid', message: `the size (ISIZE) at byte ${trailer + 4} is wrong` };
  }
  return { kind: 'member', output, end: trailer + TRAILER_BYTES };
}

type Inflated =
  | { readonly kind: 'output'; readonly output: Uint8Array; readonly consumed: number }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'over' };

function inflate(bytes: Uint8Array, limit: number): Inflated {
  try {
    const options = {
      info: true,
      maxOutputLength: Math.max(limit, 1),
      chunkSize: chunkSizeFor(limit),
    } as const;
    // Node gives `{buffer, engine}` with `info: true`; its type declarations do not say so.
    const result = inflateRawSync(bytes, options) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    // maxOutputLength must be at least 1, so a limit of 0 is checked here.
    if (result.buffer.length > limit) return { kind: 'over' };
    return { kind: 'output', output: result.buffer, consumed: result.engine.bytesWritten };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'over' };
    if (code.startsWith('Z_')) return { kind: 'invalid', message: error.message };
    throw error;
  }
}

/** Few large chunks for large outputs; never larger than the output may be by much. */
function chunkSizeFor(limit: number): number {
  return Math.min(Math.max(limit + 1, 16 * 1024), 1024 ** 2);
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

function extraMember(offset: number, size: number): Anomaly {
  const detail = `a further gzip member starts at byte ${offset} and adds ${size} bytes to the archive`;
  return { kind: 'gzip-extra-member', path: null, detail };
}

function trailingBytes(bytes: Uint8Array, offset: number): Anomaly {
  const rest = bytes.subarray(offset);
  const what = firstNonZero(rest) === -1 ? 'zero bytes' : 'bytes that belong to no gzip member';
  return {
    kind: 'gzip-trailing-bytes',
    path: null,
    detail: `${rest.length} ${what} follow at byte ${offset}`,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(why: string): Outcome<never> {
  return cannot(
    'artifact-invalid',
    `The artifact is not a gzip file as RFC 1952 defines it: ${why}. Look at the file itself before installing it.`,
  );
}

function tooLarge(limit: number): Outcome<never> {
  return cannot(
    'resource-limit',
    `The artifact expands to more than ${limit} bytes, which is more than may be read. If it is really that large, raise the limit.`,
  );
}
