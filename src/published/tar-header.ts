import type { EntryType } from '../model/artifact.ts';
import { isBinary, readNumber } from './tar-numbers.ts';
import { firstNonZero } from './zeros.ts';

export const BLOCK = 512;

/** One header block, before extended headers apply; its bytes are views of the block. */
export interface TarHeader {
  readonly typeFlag: string;
  /** Prefix and name, as bytes. */
  readonly name: Uint8Array;
  readonly linkName: Uint8Array;
  readonly mode: number;
  readonly size: number;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mtime: number | null;
  readonly userName: string;
  readonly groupName: string;
  /** Bytes that are not zero where the format wants zeros: a place to hide things. */
  readonly hiddenBytes: number;
}

type Format = 'v7' | 'ustar' | 'gnu';

/** Field offsets and lengths of POSIX.1-2017 pax, "ustar Interchange Format". */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
  unused: [500, 12],
  gnuAccessTime: [345, 12],
  gnuChangeTime: [357, 12],
  gnuRest: [369, 143],
  shortPrefix: [345, 131],
  starAccessTime: [476, 12],
  starChangeTime: [488, 12],
} as const;

/**
 * Reads one header block strictly. A string says what is wrong with it: whatever readers could take in two ways is
 * refused here rather than guessed at.
 */
export function readTarHeader(block: Uint8Array): TarHeader | string {
  const field = (name: keyof typeof FIELD): Uint8Array =>
    block.subarray(FIELD[name][0], FIELD[name][0] + FIELD[name][1]);
  const checksum = readNumber(field('checksum'));
  if (!checksum.ok || checksum.value !== checksumOf(block)) return 'its checksum is wrong';
  const size = readNumber(field('size'));
  // 8 GiB is where octal ends; nothing that large is read, so binary can only serve to confuse.
  if (!size.ok || isBinary(field('size')) || size.value === null) return 'its size is not an octal number';
  const mode = readNumber(field('mode'));
  if (!mode.ok || (mode.value ?? 0) < 0) return 'its mode is not an octal number';
  const format = formatOf(field('magic'));
  if (format === null) return 'its magic bytes are those of no known tar format';
  const [uid, gid, mtime] = [readNumber(field('uid')), readNumber(field('gid')), readNumber(field('mtime'))];
  if (!uid.ok || !gid.ok || !mtime.ok) return 'its owner or time is not a number';

  const name = text(field('name'));
  const linkName = text(field('linkName'));
  const userName = text(field('userName'));
  const groupName = text(field('groupName'));
  // Byte 475 ends a prefix of 131 bytes; where it is set, the prefix takes all 155 (as node-tar reads it).
  const hasTimes = block[475] === 0;
  const prefix = format === 'ustar' ? text(field(hasTimes ? 'shortPrefix' : 'prefix')) : EMPTY;
  const typeFlag = String.fromCharCode(block[156] ?? 0);
  return {
    typeFlag,
    name:
      prefix.value.length === 0 ? name.value : Buffer.concat([prefix.value, Buffer.from('/'), name.value]),
    linkName: linkName.value,
    mode: (mode.value ?? 0) & 0o7777,
    size: size.value,
    uid: uid.value,
    gid: gid.value,
    mtime: mtime.value,
    userName: format === 'v7' ? '' : Buffer.from(userName.value).toString('utf8'),
    groupName: format === 'v7' ? '' : Buffer.from(groupName.value).toString('utf8'),
    hiddenBytes:
      name.hidden +
      linkName.hidden +
      prefix.hidden +
      userName.hidden +
      groupName.hidden +
      unused(block, format),
  };
}

/** Whether a type flag is that of an extended header, which describes the entry after it. */
export function isExtended(typeFlag: string): boolean {
  return 'xXgLKN'.includes(typeFlag);
}

/** What a type flag stands for; null for extended headers. */
export function entryTypeOf(typeFlag: string, name: string): EntryType | null {
  if (isExtended(typeFlag)) return null;
  // V7 tars have no type for directories but a name that ends with a slash; readers still honour it.
  if (typeFlag === '\0' || typeFlag === '0') return name.endsWith('/') ? 'directory' : 'file';
  return TYPES[typeFlag] ?? 'other';
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
};

const EMPTY = { value: new Uint8Array(), hidden: 0 };

/** A NUL-terminated field: what is before the NUL, and how many bytes after it are not zero. */
function text(field: Uint8Array): { readonly value: Uint8Array; readonly hidden: number } {
  const end = field.indexOf(0);
  if (end === -1) return { value: field, hidden: 0 };
  return { value: field.subarray(0, end), hidden: nonZero(field.subarray(end)) };
}

function nonZero(bytes: Uint8Array): number {
  // Nearly always there is none, and one look at all of them says so.
  if (firstNonZero(bytes) === -1) return 0;
  return bytes.reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0);
}

/**
 * Bytes after the last field of a format that are not zero. GNU tar keeps two times where ustar has its prefix; star (and
 * node-tar) keep them at the end of a prefix that leaves room. Plain times hide nothing.
 */
function unused(block: Uint8Array, format: Format): number {
  const field = ([start, length]: readonly [number, number]): Uint8Array =>
    block.subarray(start, start + length);
  const time = (at: readonly [number, number]): number => (isPlainTime(field(at)) ? 0 : nonZero(field(at)));
  if (format === 'v7') return nonZero(block.subarray(FIELD.userName[0]));
  if (format === 'gnu') {
    return time(FIELD.gnuAccessTime) + time(FIELD.gnuChangeTime) + nonZero(field(FIELD.gnuRest));
  }
  const times = block[475] === 0 ? time(FIELD.starAccessTime) + time(FIELD.starChangeTime) : 0;
  return times + nonZero(field(FIELD.unused));
}

function isPlainTime(field: Uint8Array): boolean {
  return !isBinary(field) && readNumber(field).ok;
}

function formatOf(magic: Uint8Array): Format | null {
  const shown = Buffer.from(magic).toString('latin1');
  if (shown === 'ustar\x0000') return 'ustar';
  if (shown === 'ustar  \0') return 'gnu';
  return firstNonZero(magic) === -1 ? 'v7' : null;
}

/** The sum of all bytes, the checksum field itself taken as spaces. */
function checksumOf(block: Uint8Array): number {
  const [start, length] = FIELD.checksum;
  let sum = length * 0x20;
  for (let index = 0; index < BLOCK; index++) {
    if (index < start || index >= start + length) sum += block[index] ?? 0;
  }
  return sum;
}
