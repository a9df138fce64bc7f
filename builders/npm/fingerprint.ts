import type { Archive, Content, Entry, GzipHeader } from '../../src/model/artifact.ts';
import { gitArchive } from './git-archive.ts';
import type { ManagerName } from './managers/manager.ts';

/** Seconds: what npm since 5, pnpm, bun and lerna write for every file (1985-10-26T08:15:00Z). */
const NPM_TIME = 499_162_500;
/** The gzip header names no operating system. Bun says so of itself; pnpm leaves it to zlib, which names one. */
const PORTABLE = 255;
/** Seconds: what yarn berry writes for every file (1984-06-22T21:50:00Z). */
const BERRY_TIME = 456_789_000;

/** Which packer and which gzip settings an artifact looks like. */
export interface Fingerprint {
  /** The package manager that packs like this; npm when nothing else is known. */
  readonly family: ManagerName;
  /** For example `npm>=7.7`; `unknown` when nothing fits. */
  readonly packer: string;
  /** Level and operating system that the gzip header claims, for example `level 9, portable`. */
  readonly gzip: string;
}

/** Reads the marks that packers leave in tar and gzip headers. A guess that orders plans; never evidence of origin. */
export function fingerprint(archive: Archive): Fingerprint {
  const packer = packerOf(archive);
  return { family: FAMILIES[packer] ?? 'npm', packer, gzip: gzipOf(archive.gzip) };
}

const FAMILIES: Readonly<Record<string, ManagerName>> = {
  bun: 'bun',
  pnpm: 'pnpm',
  'yarn>=2': 'berry',
  'yarn 1': 'yarn',
};

function packerOf(archive: Archive): string {
  const { entries, gzip, tar } = archive;
  if (gitArchive(archive) !== null) return 'git archive';
  const files = entries.filter((entry) => entry.type === 'file');
  const [first] = files;
  if (first === undefined) return 'unknown';
  const hasFolders = entries.some((entry) => entry.type === 'directory');
  const prefixed = files.every((entry) => entry.storedName.startsWith('package/'));
  const blankOwner = files.every((entry) => entry.uid === null && entry.gid === null);
  const times = new Set(files.map((entry) => entry.mtime));
  const time = times.size === 1 ? first.mtime : null;
  if (time === NPM_TIME && prefixed && blankOwner) return npmVersion(first, gzip);
  if (time === NPM_TIME && prefixed && !hasFolders && writtenByTarStream(first, tar))
    return gzip.operatingSystem === PORTABLE ? 'bun' : 'pnpm';
  if (time === BERRY_TIME && prefixed) return 'yarn>=2';
  if (!prefixed || files.some((entry) => entry.userName !== '')) return 'custom';
  if (hasFolders) return 'yarn 1';
  // These copy the times of the files on disk.
  return blankOwner ? 'npm 5' : 'npm<5';
}

function npmVersion(first: Entry, gzip: GzipHeader): string {
  if (gzip.extraFlags === 2) return 'npm>=7.7';
  // The order of entries changed in June 2019, the operating system byte with npm 7.
  if (first.path === 'package.json') return 'npm 5-6';
  return gzip.operatingSystem === PORTABLE ? 'npm 7.0-7.6' : 'npm 6';
}

/** tar-stream, and libarchive in bun, fill the time field with digits and one space; node-tar ends it with a NUL. */
function writtenByTarStream(entry: Entry, tar: Content): boolean {
  const [last] = tar.subarray(entry.offset + 147, entry.offset + 148);
  return last === 0x20 && entry.uid === 0;
}

const OPERATING_SYSTEMS: Readonly<Record<number, string>> = {
  3: 'Unix',
  10: 'Windows',
  19: 'macOS',
  [PORTABLE]: 'portable',
};

/** RFC 1952, section 2.3.1: XFL is 2 for the best compression, 4 for the fastest. */
function gzipOf({ extraFlags, operatingSystem }: GzipHeader): string {
  const level = extraFlags === 2 ? 'level 9' : extraFlags === 4 ? 'level 1' : 'level 6';
  return `${level}, ${OPERATING_SYSTEMS[operatingSystem] ?? `system ${operatingSystem}`}`;
}
