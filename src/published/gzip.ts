import { crc32, inflateRawSync } from 'node:zlib';
import type { Anomaly, GzipHeader } from '../model/artifact.ts';
import type { Outcome } from '../model/verdict.ts';
import { found } from '../model/verdict.ts';
import {
  announcedSize,
  extraMember,
  invalid,
  MAX_MEMBERS,
  MAX_UNANNOUNCED_BYTES,
  readHeader,
  startsMember,
  tooLarge,
  TRAILER_BYTES,
  trailerProblem,
  trailingBytes,
} from './gzip-format.ts';

/** Largest tar stream that is read into memory unless the caller says otherwise, bytes. */
const DEFAULT_MAX_BYTES = 1024 ** 3;

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
  const { output, consumed } = inflated;
  const trailer = start + consumed;
  const end = trailer + TRAILER_BYTES;
  const stated = { start: trailer, crc: crc32(output), size: output.length };
  const problem = trailerProblem(bytes.subarray(trailer, end), stated);
  return problem === null ? { kind: 'member', output, end } : { kind: 'invalid', message: problem };
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
