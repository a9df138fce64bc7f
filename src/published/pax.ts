import type { Anomaly } from '../model/artifact.ts';
import { visible } from './visible.ts';

/** The records of one PAX extended header, in order. */
export type PaxRecords = ReadonlyMap<string, string>;

const LENGTH = /^[1-9][0-9]{0,8}$/;

/**
 * Reads the body of a PAX header: records of `<length> <key>=<value>\n` (POSIX.1-2017 pax, "pax Header Block").
 * A string says what is wrong. Repeated keys, NULs and line feeds in values, and bytes that are no UTF-8 are refused:
 * each is a place where two readers see two names.
 */
export function readPaxRecords(body: Uint8Array): PaxRecords | string {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < body.length) {
    const space = body.indexOf(0x20, offset);
    const digits =
      space === -1 ? '' : Buffer.from(body.subarray(offset, Math.min(space, offset + 10))).toString('latin1');
    if (!LENGTH.test(digits)) return 'a PAX record does not start with its length';
    const end = offset + Number(digits);
    if (end > body.length || body[end - 1] !== 0x0a || end - 1 <= space)
      return 'a PAX record has a wrong length';
    const text = decodeUtf8(body.subarray(space + 1, end - 1));
    if (text === null) return 'a PAX record is not UTF-8';
    const equals = text.indexOf('=');
    if (equals < 1) return 'a PAX record has no key';
    const key = text.slice(0, equals);
    const value = text.slice(equals + 1);
    if (/[\0\n]/.test(text)) return `the PAX record ${JSON.stringify(key)} holds a NUL or a line feed`;
    if (records.has(key)) return `the PAX record ${JSON.stringify(key)} comes twice`;
    records.set(key, value);
    offset = end;
  }
  return records;
}

/** Text of UTF-8 bytes, or null when they are none. A byte order mark is kept, as a character of the text. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Records that only describe a file's past: they change neither names nor content. */
const METADATA =
  /^(mtime|atime|ctime|uid|gid|SCHILY\.(dev|ino|nlink)|LIBARCHIVE\.creationtime|NODETAR\.[a-z]+)$/;
const NUMBER = /^-?[0-9]{1,20}(\.[0-9]{1,12})?$/;
const OWNER = /^(uname|gname|NODETAR\.[a-z]+)$/;
const SHORT_NAME = /^[\w.@ \\-]{0,64}$/;
/** The names of files that npm before 5 let its packer read for what to leave out. */
const IGNORE_FILE = /^NODETAR\.ignoreFiles\.[0-9]{1,3}$/;
const IGNORE_FILES: readonly string[] = ['.npmignore', '.gitignore', 'package.json'];

/** Whether a record is metadata with a value as small as such metadata is: neither a name nor room for a payload. */
export function isPlainMetadata(key: string, value: string): boolean {
  if (METADATA.test(key) && NUMBER.test(value)) return true;
  if (OWNER.test(key) && SHORT_NAME.test(value)) return true;
  if (IGNORE_FILE.test(key) && IGNORE_FILES.includes(value)) return true;
  // `git archive` writes the commit id as a global comment.
  return key === 'comment' && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(value);
}

/** An extended header that no packer needs: of one entry, or of all. */
export function paxAnomaly(key: string, path: string | null): Anomaly {
  const where = path === null ? 'a global header' : visible(path);
  return {
    kind: 'pax-record',
    path,
    detail: `${where}: the PAX record ${visible(JSON.stringify(key))} is not needed`,
  };
}
