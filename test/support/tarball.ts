import { crc32, deflateRawSync } from 'node:zlib';

/** 1985-10-26T08:15:00Z: the time that npm writes for every file. */
export const NPM_TIME = 499_162_500;
const BLOCK = 512;

/** One entry to write, honest or not. */
export interface EntrySpec {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly type?: string;
  readonly linkName?: string;
  readonly uid?: number | null;
  readonly mtime?: number;
  readonly userName?: string;
  readonly prefix?: string;
  /** What the header says instead of the real size. */
  readonly claimedSize?: number;
  /** Changes the header block before its checksum is written. */
  readonly tamper?: (block: Buffer) => void;
  /** The byte that fills the last block; default 0. */
  readonly padding?: number;
}

/** A header block with its content, padded. */
export function tarEntry(spec: EntrySpec): Buffer {
  const content = Buffer.from(spec.content ?? '');
  const block = Buffer.alloc(BLOCK);
  block.set(Buffer.from(spec.name as string).subarray(0, 100), 0);
  block.write(octal(spec.mode ?? 0o644, 6) + ' \0', 100, 'latin1');
  if (spec.uid !== undefined && spec.uid !== null) {
    block.write(octal(spec.uid, 6) + ' \0', 108, 'latin1');
    block.write(octal(spec.uid, 6) + ' \0', 116, 'latin1');
  }
  block.write(octal(spec.claimedSize ?? content.length, 11) + '\0', 124, 'latin1');
  block.write(octal(spec.mtime ?? NPM_TIME, 11) + '\0', 136, 'latin1');
  block.write(spec.type ?? '0', 156, 'latin1');
  block.write(spec.linkName ?? '', 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(spec.userName ?? '', 265, 32, 'utf8');
  block.write(spec.prefix ?? '', 345, 155, 'utf8');
  spec.tamper?.(block);
  writeChecksum(block);
  return Buffer.concat([block, padded(content, spec.padding ?? 0)]);
}

/** Writes the checksum that fits the rest of a header block. */
export function writeChecksum(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  const sum = block.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  block.set(Buffer.from(octal(sum, 6) + '\0 ', 'latin1'), 148);
}

/** A PAX extended header (`x`), or a global one (`g`). */
export function paxHeader(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Buffer {
  const body = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return tarEntry({ name: 'PaxHeader/x', type, content: body.join('') });
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const length = [1, 2, 3, 4, 5]
    .map((digits) => bytes + digits)
    .find((all, index) => String(all).length === index + 1);
  return `${length}${rest}`;
}

/** A tar stream: parts, and two blocks of zeros unless told otherwise. */
export function tarOf(parts: readonly Buffer[], end: Buffer = Buffer.alloc(2 * BLOCK)): Buffer {
  return Buffer.concat([...parts, end]);
}

export interface GzipSpec {
  readonly flags?: number;
  readonly mtime?: number;
  readonly extraFlags?: number;
  readonly operatingSystem?: number;
  /** Bytes between the ten fixed ones and the deflate stream. */
  readonly fields?: Uint8Array;
  readonly crc?: number;
  readonly size?: number;
  /** Of the compression; default 9. */
  readonly level?: number;
}

/** One gzip member; by default with the header that npm writes. */
export function gzipOf(data: Uint8Array, spec: GzipSpec = {}): Buffer {
  const header = Buffer.from([
    0x1f,
    0x8b,
    8,
    spec.flags ?? 0,
    0,
    0,
    0,
    0,
    spec.extraFlags ?? 2,
    spec.operatingSystem ?? 255,
  ]);
  header.writeUInt32LE(spec.mtime ?? 0, 4);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(spec.crc ?? crc32(data), 0);
  trailer.writeUInt32LE(spec.size ?? data.length % 2 ** 32, 4);
  return Buffer.concat([
    header,
    spec.fields ?? Buffer.alloc(0),
    deflateRawSync(data, { level: spec.level ?? 9 }),
    trailer,
  ]);
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A tarball as npm writes it: every file below `package/`, in the given order. */
export function npmTarball(files: Files): Buffer {
  return gzipOf(npmTar(files));
}

/** The tar stream of `npmTarball`. */
export function npmTar(files: Files): Buffer {
  return tarOf(
    Object.entries(files).map(([path, content]) => tarEntry({ name: `package/${path}`, content })),
  );
}

/** A gzipped tar of hand-made parts. */
export function tarball(parts: readonly Buffer[], end?: Buffer): Buffer {
  return gzipOf(tarOf(parts, end));
}

function padded(content: Buffer, padding: number): Buffer {
  const rest = (BLOCK - (content.length % BLOCK)) % BLOCK;
  return Buffer.concat([content, Buffer.alloc(rest, padding)]);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
