import { openSync, write } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, ReproveError } from '../errors.ts';
import { makeOwned, sweepOwned } from '../owner.ts';
import { FileContent } from './file-content.ts';

const FOLDER_PREFIX = 'tar-';
const writeTo = promisify(write);

/** A file without a name, for what is too large for memory. Its disk is free again when nothing of it is held. */
export class SpillFile {
  readonly #descriptor: number;
  readonly #folder: string;
  readonly #content: FileContent;
  #length = 0;

  private constructor(descriptor: number, folder: string) {
    this.#descriptor = descriptor;
    this.#folder = folder;
    this.#content = FileContent.of(descriptor);
  }

  /**
   * Makes one.
   *
   * @param folder where; it is made if need be
   * @throws ReproveError `io`
   */
  static async in(folder: string): Promise<SpillFile> {
    try {
      await sweepOwned(folder, FOLDER_PREFIX);
      const own = await makeOwned(folder, FOLDER_PREFIX);
      try {
        // Opened, it is there for as long as we hold it, and for nobody else.
        return new SpillFile(openSync(join(own, 'tar'), 'wx+', 0o600), folder);
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    } catch (error) {
      throw ioError(folder, error);
    }
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes the next bytes; they may be changed when it is done.
   *
   * @throws ReproveError `io`
   */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await writeTo(this.#descriptor, bytes, at, bytes.length - at, this.#length);
        at += bytesWritten;
        this.#length += bytesWritten;
      }
    } catch (error) {
      throw ioError(this.#folder, error);
    }
  }

  /** What is, or will be, written from one offset to before another. */
  part(from: number, to: number): FileContent {
    return this.#content.part(from, to);
  }
}

function ioError(folder: string, error: unknown): ReproveError {
  return new ReproveError(
    'io',
    {
      what: `A large archive could not be unpacked for reading in ${folder}.`,
      why: `${messageOf(error)}.`,
      next: 'Make room there, or name another folder with --cache-dir.',
    },
    { cause: error },
  );
}
