import { createHash } from 'node:crypto';
import { Parser, type ReadEntry } from 'tar';
import type { Anomaly, Entry, EntryType } from '../model/artifact.ts';
import { messageOf } from '../errors.ts';
import { BLOCK } from './tar-header.ts';
import { visible } from './visible.ts';

/** What the installing reader understands of one entry. */
interface SecondEntry {
  readonly name: string;
  readonly type: EntryType;
  /**
   * What says that its content is ours: where in the tar stream it lies, bytes, if it was given that; else its sha256. Null
   * for a content that is nowhere in the stream.
   */
  readonly content: number | string | null;
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
  /** What was given last, and how many bytes before it. */
  #given: Uint8Array = new Uint8Array();
  #taken = 0;
  #hasEnded = false;
  #isAtEndMark = false;

  constructor(input: 'gzip' | 'tar') {
    this.#input = input;
    this.#parser.on('entry', (entry: ReadEntry) => {
      const witness = input === 'tar' ? new Place((piece) => this.#placeOf(piece)) : new Hashed();
      collect(entry, witness, (one) => this.#agreement.theirs(one));
    });
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
    this.#given = bytes;
    this.#attempt(() => this.#parser.write(bufferOf(bytes)));
    this.#taken += bytes.length;
  }

  /** Where in the stream a piece of what was given last begins; null for other memory. */
  #placeOf(piece: Uint8Array): number | null {
    const { buffer, byteOffset, byteLength } = this.#given;
    const at = piece.byteOffset - byteOffset;
    const isWithin = piece.buffer === buffer && at >= 0 && at + piece.byteLength <= byteLength;
    return isWithin ? this.#taken + at : null;
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
  const { storedName: name, type, size, linkTarget } = entry;
  if (other.name !== name) return `one sees ${visible(name)}, the other ${visible(other.name)}`;
  if (other.type !== type) return `${visible(name)} is a ${type} for one, a ${other.type} for the other`;
  if (other.size !== size || (size > 0 && !isSameContent(entry, other)))
    return `${visible(name)} has two contents`;
  if (other.linkTarget !== linkTarget) return `${visible(name)} has two link targets`;
  return null;
}

function isSameContent({ offset, sha256 }: Entry, { content }: SecondEntry): boolean {
  return typeof content === 'number' ? content === offset + BLOCK : content === sha256;
}

/** What is kept of a content that comes piece by piece. */
interface Witness {
  take(piece: Uint8Array): void;
  end(): SecondEntry['content'];
}

/** The same memory at the same place is the same content. */
class Place implements Witness {
  readonly #placeOf: (piece: Uint8Array) => number | null;
  #start: number | null = null;
  #end: number | null = null;

  constructor(placeOf: (piece: Uint8Array) => number | null) {
    this.#placeOf = placeOf;
  }

  take(piece: Uint8Array): void {
    const place = this.#placeOf(piece);
    this.#start ??= place;
    const isNext = place !== null && (this.#end ?? place) === place;
    this.#end = isNext ? place + piece.length : Number.NaN;
  }

  end(): number | null {
    return Number.isNaN(this.#end) ? null : this.#start;
  }
}

class Hashed implements Witness {
  readonly #hash = createHash('sha256');

  take(piece: Uint8Array): void {
    this.#hash.update(piece);
  }

  end(): string {
    return this.#hash.digest('hex');
  }
}

function collect(entry: ReadEntry, witness: Witness, give: (entry: SecondEntry) => void): void {
  let size = 0;
  entry.on('data', (chunk) => {
    witness.take(chunk);
    size += chunk.length;
  });
  entry.on('end', () => {
    const type = TYPES[entry.type] ?? 'other';
    const isLink = type === 'symlink' || type === 'hardlink';
    const linkTarget = isLink ? (entry.linkpath ?? '') : null;
    give({ name: entry.path, type, content: witness.end(), size, linkTarget });
  });
}

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
