import type { Archive, Content, Entry } from '../model/artifact.ts';
import { found, type Outcome } from '../model/verdict.ts';
import { archiveOf, readArchive, unreadable } from './archive.ts';
import { announcedSize } from './gzip-format.ts';
import { gunzipStream, piecesOf } from './gunzip-stream.ts';
import { SpillFile } from './spill.ts';
import { isPlain, SecondReading } from './tar.ts';
import { type TarContents, TarProblem, TarWalker } from './tar-walk.ts';

/** Bytes of a file, and of the tar stream that it announces, up to which it is read into memory. */
const SMALL = { file: 8 * 1024 ** 2, tar: 32 * 1024 ** 2 } as const;
/** Largest tar stream that is read, bytes; it takes that much of the disk. */
export const MAX_STORED_BYTES = 2 * 1024 ** 3;
/** Bytes that are looked at together; a multiple of a tar block, so that no reader has to join pieces. */
const PIECE = 1024 ** 2;

export interface StoredArchiveOptions {
  /** Where the tar stream of a large archive may be kept, as a file without a name. */
  readonly folder: string;
  /** Largest tar stream that is read, bytes; default 2 GiB. */
  readonly maxBytes?: number;
  /** Whether to take a small one for large. */
  readonly isLarge?: boolean;
}

/**
 * Reads a gzipped tar as `readArchive` does, with the same outcome. Of a large one, only facts and digests of the entries are
 * in memory; the tar stream is in a file of ours, and bytes are read from it when they are asked for.
 *
 * @throws ReproveError `io` when the file cannot be written
 */
export async function openArchive(bytes: Content, options: StoredArchiveOptions): Promise<Outcome<Archive>> {
  const isSmall = bytes.length <= SMALL.file && (announcedSize(bytes) ?? 0) <= SMALL.tar;
  if (isSmall && options.isLarge !== true) return readArchive(bytes.subarray());
  const reading = new StoredReading(await SpillFile.in(options.folder));
  const gunzipped = await gunzipStream(bytes, {
    maxBytes: options.maxBytes ?? MAX_STORED_BYTES,
    onOutput: (piece) => reading.push(piece),
  });
  if (!gunzipped.ok) return gunzipped;
  const { header, end, anomalies } = gunzipped.value;
  const { contents, tar, disagreement } = await reading.end();
  if (contents instanceof TarProblem) return unreadable(contents);
  const differs = isPlain(anomalies, tar.subarray(0, 4))
    ? disagreement
    : disagreementAbout(contents.entries, piecesOf(bytes, 0, end));
  if (differs !== null) return unreadable(new TarProblem(differs));
  return found(archiveOf({ gzip: header, tar, anomalies, contents }));
}

/** Lets the second reader inflate the file itself. */
function disagreementAbout(entries: readonly Entry[], gzipped: Iterable<Uint8Array>): string | null {
  const second = new SecondReading('gzip');
  for (const entry of entries) second.expect(entry);
  for (const piece of gzipped) second.write(piece);
  return second.end();
}

/** Both readings of a tar stream that comes in pieces, and the file that keeps it. */
class StoredReading {
  readonly #spill: SpillFile;
  readonly #walker: TarWalker;
  /** Null until the stream has begun, and for one that begins like a compressed one. */
  #second: SecondReading | null = null;
  readonly #block = Buffer.alloc(PIECE);
  #filled = 0;

  constructor(spill: SpillFile) {
    this.#spill = spill;
    this.#walker = new TarWalker({
      contentAt: (from, to) => (from === to ? NOTHING : spill.part(from, to)),
      onEntry: (entry) => this.#second?.expect(entry),
    });
  }

  async push(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(PIECE - this.#filled, piece.length - at);
      this.#block.set(piece.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === PIECE) await this.#flush();
    }
  }

  async end(): Promise<{
    readonly contents: TarContents | TarProblem;
    readonly tar: Content;
    readonly disagreement: string | null;
  }> {
    await this.#flush();
    const contents = this.#walker.end();
    const disagreement = this.#second?.end() ?? null;
    return { contents, tar: this.#spill.part(0, this.#spill.length), disagreement };
  }

  async #flush(): Promise<void> {
    const block = this.#block.subarray(0, this.#filled);
    this.#filled = 0;
    if (this.#spill.length === 0 && isPlain([], block)) this.#second = new SecondReading('tar');
    this.#walker.push(block);
    if (!this.#walker.hasFailed) this.#second?.write(block);
    await this.#spill.write(block);
  }
}

const NOTHING = new Uint8Array();
