import type { Anomaly, Content, Entry } from '../model/artifact.ts';
import { ContentDigests, digestContent, type EntryDigests } from './digests.ts';
import { ExtendedHeaders, MAX_EXTENDED_BYTES } from './extended-headers.ts';
import { foreignRecords } from './manifest-records.ts';
import { placeAnomalies } from './names.ts';
import { readEntry, type ReadPart } from './tar-entry.ts';
import { BLOCK, isExtended, readTarHeader, type TarHeader } from './tar-header.ts';
import { visible } from './visible.ts';
import { firstNonZero } from './zeros.ts';

/** Most entries that are read; the largest packages of public registries have some tens of thousands. */
export const MAX_ENTRIES = 1_048_576;
/** Most folders that names may lead into anew, one after the other: some hundred times what large packages have. */
const MAX_FOLDERS = 2_000_000;
/** Characters of all names, link targets and records together: they are what is kept of an archive. */
const MAX_TEXT = 256 * 1024 ** 2;

export interface TarContents {
  readonly entries: readonly Entry[];
  readonly anomalies: readonly Anomaly[];
}

/** Why a tar stream cannot be read in one way only. */
export class TarProblem {
  readonly code: 'artifact-invalid' | 'resource-limit';
  readonly message: string;

  constructor(message: string, code: 'artifact-invalid' | 'resource-limit' = 'artifact-invalid') {
    this.message = message;
    this.code = code;
  }
}

export interface TarWalkerOptions {
  /** The bytes of the stream from one offset to before another; asked for only when they have all been given. */
  readonly contentAt: (from: number, to: number) => Content;
  /** Told of every entry as soon as it is read. */
  readonly onEntry?: (entry: Entry) => void;
}

/** Reads a tar stream that is in memory as a whole; see `TarWalker`. */
export function walkTar(
  tar: Uint8Array,
  options: Omit<TarWalkerOptions, 'contentAt'> = {},
): TarContents | TarProblem {
  const walker = new TarWalker({ ...options, contentAt: (from, to) => tar.subarray(from, to) });
  walker.push(tar);
  return walker.end();
}

/** What is being read: a header, the content and padding of an entry, the end mark, or what follows that. */
type State = 'header' | 'content' | 'padding' | 'mark' | 'after';

/**
 * Reads a tar stream block by block (POSIX.1-2017 pax and ustar, GNU long names), in pieces of any size. Whatever the
 * format does not allow, or lets readers take in two ways, ends the reading with a problem that names the byte; what is
 * legal but odd is an anomaly.
 */
export class TarWalker {
  readonly #options: TarWalkerOptions;
  readonly #entries: Entry[] = [];
  readonly #anomalies: Anomaly[] = [];
  readonly #extended = new ExtendedHeaders();
  readonly #block = Buffer.alloc(BLOCK);
  #state: State = 'header';
  #problem: TarProblem | null = null;
  /** Bytes taken so far. */
  #taken = 0;
  /** Bytes of the block that have come. */
  #filled = 0;
  #part: PartBeingRead | null = null;
  #folders = 0;
  #text = 0;
  #previous = '';
  /** Where the end mark begins, and the first byte after it that is not zero; -1 until there is one. */
  #end = -1;
  #firstAfter = -1;

  constructor(options: TarWalkerOptions) {
    this.#options = options;
  }

  /** Whether what has come already is no archive. */
  get hasFailed(): boolean {
    return this.#problem !== null;
  }

  /** Takes the next bytes of the stream; they are looked at before it returns and not kept. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const taken = this.#problem === null ? this.#take(chunk.subarray(at)) : chunk.length - at;
      at += taken;
      this.#taken += taken;
      if (this.#part !== null && this.#part.left === 0) this.#finishContent(this.#part);
    }
  }

  /** Everything that was read, when all bytes have been given. */
  end(): TarContents | TarProblem {
    if (this.#state === 'content' || this.#state === 'padding') this.#fail(this.#tooShort());
    if (this.#state === 'header') this.#fail(`it ends at byte ${this.#taken} without an end mark`);
    if (this.#state === 'mark') this.#finishMark(false);
    if (this.#problem !== null) return this.#problem;
    const found = [...placeAnomalies(this.#entries), ...foreignRecords(this.#entries)];
    // Not by push(...): there can be more of them than a call can have arguments.
    return { entries: this.#entries, anomalies: [...this.#anomalies, ...this.#trailing(), ...found] };
  }

  /** How many bytes of the chunk were taken. */
  #take(chunk: Uint8Array): number {
    if (this.#state === 'content' && this.#part !== null) return takeContent(this.#part, chunk);
    if (this.#state === 'padding' && this.#part !== null) return this.#takePadding(this.#part, chunk);
    if (this.#state === 'after') return this.#takeAfter(chunk);
    const taken = Math.min(BLOCK - this.#filled, chunk.length);
    this.#block.set(chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === BLOCK) {
      this.#filled = 0;
      if (this.#state === 'mark') this.#finishMark(firstNonZero(this.#block) === -1);
      else this.#readHeader(this.#taken + taken - BLOCK);
    }
    return taken;
  }

  #readHeader(offset: number): void {
    if (firstNonZero(this.#block) === -1) {
      this.#end = offset;
      this.#state = 'mark';
      return;
    }
    const header = readTarHeader(this.#block);
    if (typeof header === 'string') {
      this.#fail(`the header at byte ${offset} is unreadable: ${header}`);
      return;
    }
    this.#part = partOf(header, offset);
    this.#state = 'content';
  }

  /** At the end of a content, also of an empty one; the state then is that of the padding. */
  #finishContent(part: PartBeingRead): void {
    if (this.#state === 'content') {
      this.#state = 'padding';
      part.left = (BLOCK - (part.header.size % BLOCK)) % BLOCK;
    }
    if (this.#state === 'padding' && part.left === 0) this.#finishPart(part);
  }

  #takePadding(part: PartBeingRead, chunk: Uint8Array): number {
    const taken = Math.min(part.left, chunk.length);
    const first = firstNonZero(chunk.subarray(0, taken));
    if (first !== -1 && part.badPadding === -1) part.badPadding = this.#taken + first;
    part.left -= taken;
    return taken;
  }

  #finishPart(part: PartBeingRead): void {
    const { header, offset } = part;
    this.#part = null;
    this.#state = 'header';
    const start = offset + BLOCK;
    const read = readEntry({
      header,
      offset,
      extended: this.#extended,
      extendedContent: part.collected,
      content: () => this.#options.contentAt(start, start + header.size),
      digests: () => part.whole ?? part.digests.end(),
    });
    if (typeof read === 'string') this.#fail(`the entry at byte ${offset} is ambiguous: ${read}`);
    else this.#add(read, part.badPadding);
  }

  #add({ entry, anomalies }: ReadPart, badPadding: number): void {
    if (entry !== null) {
      this.#entries.push(entry);
      this.#count(entry);
      this.#options.onEntry?.(entry);
    }
    this.#anomalies.push(...anomalies);
    if (badPadding === -1) return;
    const after = entry === null ? 'an extended header' : visible(entry.storedName);
    const detail = `the padding after ${after} is not zero (byte ${badPadding})`;
    this.#anomalies.push({ kind: 'tar-padding', path: entry?.path ?? null, detail });
  }

  /** What is kept of an archive is bounded, however it is compressed. */
  #count({ path, storedName, linkTarget, pax }: Entry): void {
    this.#folders += newFolders(this.#previous, path);
    this.#previous = path;
    this.#text += storedName.length + (linkTarget?.length ?? 0);
    for (const [key, value] of Object.entries(pax)) this.#text += key.length + value.length;
    if (this.#entries.length > MAX_ENTRIES) this.#refuse(`${MAX_ENTRIES} entries`);
    else if (this.#folders > MAX_FOLDERS) this.#refuse(`${MAX_FOLDERS} folders`);
    else if (this.#text > MAX_TEXT) this.#refuse(`${MAX_TEXT} characters of names and records`);
  }

  #refuse(limit: string): void {
    this.#problem ??= new TarProblem(`it has more than ${limit}`, 'resource-limit');
  }

  /** @param isZero whether the second block of the mark is there and all zeros */
  #finishMark(isZero: boolean): void {
    this.#state = 'after';
    if (this.#extended.pending) this.#fail(`an extended header before byte ${this.#end} describes no entry`);
    if (this.#entries.length === 0) this.#fail('it has no entries');
    if (!isZero) this.#fail(`the end mark at byte ${this.#end} is not two blocks of zeros`);
  }

  #takeAfter(chunk: Uint8Array): number {
    const first = this.#firstAfter === -1 ? firstNonZero(chunk) : -1;
    if (first !== -1) this.#firstAfter = this.#taken + first;
    return chunk.length;
  }

  #trailing(): readonly Anomaly[] {
    if (this.#firstAfter === -1) return [];
    const detail = `${this.#taken - this.#firstAfter} bytes follow the end of the archive at byte ${this.#firstAfter}`;
    return [{ kind: 'tar-trailing-bytes', path: null, detail }];
  }

  #tooShort(): string {
    const { offset = 0, header } = this.#part ?? {};
    return `the entry at byte ${offset} claims ${header?.size ?? 0} bytes, more than are left`;
  }

  /** The first problem counts. */
  #fail(message: string): void {
    this.#problem ??= new TarProblem(message);
  }
}

/** One header and what of its content has come. */
interface PartBeingRead {
  readonly header: TarHeader;
  readonly offset: number;
  /** The content of an extended header that is small enough to be read; else null. */
  readonly collected: Uint8Array | null;
  readonly digests: ContentDigests;
  /** Digests of a content that came in one piece. */
  whole: EntryDigests | null;
  /** Bytes of the content, then of its padding, that have not come. */
  left: number;
  /** The first byte of the padding that is not zero; -1 when there is none. */
  badPadding: number;
}

function partOf(header: TarHeader, offset: number): PartBeingRead {
  const isCollected = isExtended(header.typeFlag) && header.size <= MAX_EXTENDED_BYTES;
  const collected = isCollected ? Buffer.alloc(header.size) : null;
  const digests = new ContentDigests(header.size);
  const whole = header.size === 0 ? digestContent(new Uint8Array()) : null;
  return { header, offset, collected, digests, whole, left: header.size, badPadding: -1 };
}

function takeContent(part: PartBeingRead, chunk: Uint8Array): number {
  const { size, typeFlag } = part.header;
  const taken = Math.min(part.left, chunk.length);
  const bytes = chunk.subarray(0, taken);
  if (isExtended(typeFlag)) part.collected?.set(bytes, size - part.left);
  else if (taken === size) part.whole = digestContent(bytes);
  else part.digests.update(bytes);
  part.left -= taken;
  return taken;
}

/** How many folders a path names that the one before it does not: archives list a folder's files together. */
function newFolders(previous: string, path: string): number {
  const most = Math.min(previous.length, path.length);
  let same = 0;
  while (same < most && previous[same] === path[same]) same += 1;
  let count = 0;
  for (let at = path.indexOf('/', same); at !== -1; at = path.indexOf('/', at + 1)) count += 1;
  return count;
}
