import { createHash, type Hash } from 'node:crypto';
import { Parser, type ReadEntry } from 'tar';
import type { Anomaly, Entry, EntryType } from '../model/artifact.ts';
import { messageOf } from '../errors.ts';
import { sha256Of } from './digests.ts';
import { visible } from './visible.ts';

/** What the installing reader understands of one entry. */
interface SecondEntry {
  readonly name: string;
  readonly type: EntryType;
  readonly sha256: string;
  readonly size: number;
  readonly linkTarget: string | null;
}

/**
 * Lets node-tar (with which packages are installed) read what we read, and compares: an archive that two readers
 * understand in two ways is an attack on whoever checks with one and installs with the other. It is given the gzip file
 * piece by piece, or the tar stream of one that cannot be inflated in two ways (`isPlain`).
 */
export class SecondReading {
  // Our own limit on the expanded size has been applied already.
  readonly #input: 'gzip' | 'tar';
  readonly #parser = new Parser({ maxDecompressionRatio: Number.POSITIVE_INFINITY });
  readonly #agreement = new Agreement();
  readonly #problems: string[] = [];
  #hasEnded = false;
  #isAtEndMark = false;

  constructor(input: 'gzip' | 'tar') {
    this.#input = input;
    this.#parser.on('entry', (entry: ReadEntry) => collect(entry, (one) => this.#agreement.theirs(one)));
    this.#parser.on('eof', () => {
      this.#isAtEndMark = true;
    });
    this.#parser.on('warn', (_code: string, message: string) => this.#problems.push(message));
    this.#parser.on('error', (error: unknown) => this.#problems.push(messageOf(error)));
    this.#parser.on('end', () => {
      this.#hasEnded = true;
    });
  }

  /** Tells of the next entry that we read. */
  expect(entry: Entry): void {
    // node-tar skips types that it does not know; each of them is an anomaly already.
    if (entry.type !== 'other') this.#agreement.ours(entry);
  }

  /** Takes the next bytes; they are looked at before it returns. */
  write(bytes: Uint8Array): void {
    // It reads nothing after the end mark of a tar stream, and would only hold it in memory.
    if (this.#problems.length > 0 || (this.#isAtEndMark && this.#input === 'tar')) return;
    this.#attempt(() => this.#parser.write(bufferOf(bytes)));
  }

  /** Null when both readers understand the same, else in words what they do not. */
  end(): string | null {
    if (this.#problems.length === 0) this.#attempt(() => this.#parser.end());
    const [problem] = this.#problems;
    const stop = problem ?? (this.#hasEnded ? null : 'it never reaches the end');
    if (stop !== null) return disagreement(`the installing reader stops: ${visible(stop)}`);
    const difference = this.#agreement.difference();
    return difference === null ? null : disagreement(difference);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#problems.push(messageOf(error));
    }
  }
}

/**
 * Whether node-tar can be given the tar stream in place of the gzip file: of one member with the plainest header, whose
 * lengths and checksums are right, every inflate gives the same. A stream that begins like a compressed one it would
 * inflate once more.
 */
export function isPlain(gzipAnomalies: readonly Anomaly[], start: Uint8Array): boolean {
  return gzipAnomalies.length === 0 && !MAGICS.some((magic) => magic.every((byte, at) => start[at] === byte));
}

/** Of gzip (RFC 1952) and zstd (RFC 8878), which node-tar looks for. */
const MAGICS: readonly (readonly number[])[] = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
];

function disagreement(why: string): string {
  return `two readers understand it differently: ${why}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Compares two lists of entries that grow at the same time, and keeps only what the other one does not have yet. */
class Agreement {
  readonly #ours = new Queue<Entry>();
  readonly #theirs = new Queue<SecondEntry>();
  #first: string | null = null;

  ours(entry: Entry): void {
    this.#ours.add(entry);
    this.#settle();
  }

  theirs(entry: SecondEntry): void {
    this.#theirs.add(entry);
    this.#settle();
  }

  difference(): string | null {
    const [ours, theirs] = [this.#ours.added, this.#theirs.added];
    return ours === theirs ? this.#first : `one sees ${ours} entries, the other ${theirs}`;
  }

  #settle(): void {
    while (this.#ours.next !== undefined && this.#theirs.next !== undefined) {
      this.#first ??= disagreementOf(this.#ours.next, this.#theirs.next);
      this.#ours.drop();
      this.#theirs.drop();
    }
  }
}

/** Taken from the front in no more time than it is added to. */
class Queue<T> {
  readonly #waiting: T[] = [];
  #at = 0;
  added = 0;

  get next(): T | undefined {
    return this.#waiting[this.#at];
  }

  add(one: T): void {
    this.#waiting.push(one);
    this.added += 1;
  }

  drop(): void {
    this.#at += 1;
    if (this.#at * 2 < this.#waiting.length) return;
    this.#waiting.splice(0, this.#at);
    this.#at = 0;
  }
}

function disagreementOf(entry: Entry, other: SecondEntry): string | null {
  const { storedName: name, type, sha256, size, linkTarget } = entry;
  if (other.name !== name) return `one sees ${visible(name)}, the other ${visible(other.name)}`;
  if (other.type !== type) return `${visible(name)} is a ${type} for one, a ${other.type} for the other`;
  if (other.sha256 !== sha256 || other.size !== size) return `${visible(name)} has two contents`;
  if (other.linkTarget !== linkTarget) return `${visible(name)} has two link targets`;
  return null;
}

function collect(entry: ReadEntry, give: (entry: SecondEntry) => void): void {
  let hash: Hash | null = null;
  let size = 0;
  entry.on('data', (chunk) => {
    hash ??= createHash('sha256');
    hash.update(chunk);
    size += chunk.length;
  });
  entry.on('end', () => {
    const type = TYPES[entry.type] ?? 'other';
    const isLink = type === 'symlink' || type === 'hardlink';
    give({
      name: entry.path,
      type,
      sha256: hash?.digest('hex') ?? SHA256_OF_NOTHING,
      size,
      linkTarget: isLink ? (entry.linkpath ?? '') : null,
    });
  });
}

const SHA256_OF_NOTHING = sha256Of(new Uint8Array());

const TYPES: Readonly<Record<string, EntryType>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Link: 'hardlink',
  SymbolicLink: 'symlink',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  Directory: 'directory',
  FIFO: 'fifo',
};
