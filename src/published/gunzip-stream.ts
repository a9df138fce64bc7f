import { crc32, createInflateRaw, type InflateRaw, type ZlibOptions } from 'node:zlib';
import type { Anomaly, Content, GzipHeader } from '../model/artifact.ts';
import { found, type Outcome } from '../model/verdict.ts';
import {
  announcedSize,
  extraMember,
  invalid,
  MAX_MEMBERS,
  MAX_UNANNOUNCED_BYTES,
  readHeader,
  type ReadHeader,
  startsMember,
  tooLarge,
  TRAILER_BYTES,
  trailerProblem,
  trailingBytes,
} from './gzip-format.ts';

/** Bytes given to the decoder at a time, and taken from it. */
const PIECE = 256 * 1024;
/** Bytes that the decoder may be ahead. */
const AHEAD = 1024 ** 2;
const HEADER_WINDOW = 64 * 1024;

export interface GunzipStreamOptions {
  /** Largest output, bytes. */
  readonly maxBytes: number;
  /** Takes the next bytes of the output; what is thrown ends the reading. */
  readonly onOutput: (bytes: Uint8Array) => void | Promise<void>;
}

/** A gzip file, read; its output has been given away. */
export interface GunzippedStream {
  /** The header of the first member. */
  readonly header: GzipHeader;
  /** Where the last member ends in the file; what follows is an anomaly. */
  readonly end: number;
  readonly anomalies: readonly Anomaly[];
}

/**
 * Reads a gzip file (RFC 1952) as `gunzipStrict` does, in as little memory as a file of any size needs.
 *
 * Fails with `artifact-invalid` when it is no gzip file, and with `resource-limit` when it expands beyond `maxBytes`, or of
 * several members beyond 256 MiB. What is given away before a failure counts for nothing.
 */
export async function gunzipStream(
  bytes: Content,
  { maxBytes, onOutput }: GunzipStreamOptions,
): Promise<Outcome<GunzippedStream>> {
  if (announcedSize(bytes) === null) return invalid('it is shorter than the shortest gzip file');
  const anomalies: Anomaly[] = [];
  let first: GzipHeader | null = null;
  let [offset, total, members] = [0, 0, 0];
  while (offset < bytes.length && (offset === 0 || startsMember(bytes.subarray(offset, offset + 2), 0))) {
    if (members === MAX_MEMBERS) return invalid(`it has more than ${MAX_MEMBERS} members`);
    const header = headerAt(bytes, offset);
    if (typeof header === 'string') return invalid(`${header} (member at byte ${offset})`);
    const most: number = first === null ? maxBytes : Math.min(maxBytes, MAX_UNANNOUNCED_BYTES);
    const member = await readMember(bytes, { start: header.end, limit: most - total, onOutput });
    if (member.kind === 'over') return tooLarge(most);
    if (member.kind === 'invalid') return invalid(member.message);
    anomalies.push(...header.anomalies);
    if (first !== null) anomalies.push(extraMember(offset, member.size));
    first ??= header.header;
    total += member.size;
    members += 1;
    offset = member.end;
  }
  if (first === null) return invalid('it has no member');
  if (offset < bytes.length) anomalies.push(trailingBytes(bytes, offset));
  return found({ header: first, end: offset, anomalies });
}

/** Reads as much of the file as its header takes: names in it are of any length. */
function headerAt(bytes: Content, start: number): ReadHeader | string {
  for (let window = HEADER_WINDOW; ; window *= 2) {
    const end = Math.min(start + window, bytes.length);
    const header = readHeader(bytes.subarray(start, end), 0);
    if (typeof header !== 'string') return { ...header, end: start + header.end };
    if (end === bytes.length) return header;
  }
}

type ReadMember =
  | { readonly kind: 'member'; readonly size: number; readonly end: number }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'over' };

interface MemberOptions {
  readonly start: number;
  readonly limit: number;
  readonly onOutput: GunzipStreamOptions['onOutput'];
}

async function readMember(bytes: Content, { start, limit, onOutput }: MemberOptions): Promise<ReadMember> {
  const decoder = createInflateRaw({ chunkSize: PIECE, readableHighWaterMark: AHEAD } as ZlibOptions);
  // What goes wrong is met where the output is read.
  feed(decoder, bytes, start).catch((error: Error) => decoder.destroy(error));
  let [size, crc] = [0, 0];
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return { kind: 'over' };
      crc = crc32(chunk, crc);
      await onOutput(chunk);
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw error;
    return { kind: 'invalid', message: `its deflate stream at byte ${start} is damaged: ${message}` };
  } finally {
    decoder.destroy();
  }
  // What the decoder took and did not use it does not count.
  const trailer = start + decoder.bytesWritten;
  const end = trailer + TRAILER_BYTES;
  const problem = trailerProblem(bytes.subarray(trailer, end), { start: trailer, crc, size });
  return problem === null ? { kind: 'member', size, end } : { kind: 'invalid', message: problem };
}

/** Gives a content from an offset on to a decoder, all of it through the same memory: fresh memory costs more than to inflate. */
async function feed(decoder: InflateRaw, bytes: Content, start: number): Promise<void> {
  const memory = Buffer.allocUnsafeSlow(PIECE);
  for (let at = start; at < bytes.length && !decoder.destroyed; at += PIECE) {
    const piece = bytes.subarray(at, Math.min(at + PIECE, bytes.length), memory);
    await new Promise<void>((resolve, reject) => {
      decoder.write(piece, (error) => (error == null ? resolve() : reject(error)));
    });
  }
  decoder.end();
}

/** A content from an offset on, piece by piece. */
export function* piecesOf(bytes: Content, start: number, end: number = bytes.length): Generator<Uint8Array> {
  for (let at = start; at < end; at += PIECE) yield bytes.subarray(at, Math.min(at + PIECE, end));
}
