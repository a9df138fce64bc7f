import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Content, Digests } from '../model/artifact.ts';
import { FileDigests } from './digests.ts';

const NONE = new Uint8Array();

/** Closes files whose contents nobody holds any more. */
const FORGOTTEN = new FinalizationRegistry((descriptor: number) => closeSync(descriptor));

/** A file that stays open as long as something of it is held. */
class OpenFile {
  readonly descriptor: number;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
    FORGOTTEN.register(this, descriptor);
  }
}

/** The content of a file, or a part of it, of which only what is asked for is read. */
export class FileContent implements Content {
  readonly #file: OpenFile;
  readonly #from: number;
  readonly length: number;

  private constructor(file: OpenFile, from: number, length: number) {
    this.#file = file;
    this.#from = from;
    this.length = length;
  }

  /** A regular file; what is thrown is what the system says. */
  static open(file: string): FileContent {
    // Opening or reading another kind may never end.
    if (!statSync(file).isFile()) throw new Error('it is no regular file');
    return FileContent.of(openSync(file, 'r'));
  }

  /** The whole of an open file as long as it is now; it is closed when nothing of it is held any more. */
  static of(descriptor: number): FileContent {
    return new FileContent(new OpenFile(descriptor), 0, fstatSync(descriptor).size);
  }

  subarray(start: number = 0, end: number = this.length, memory: Uint8Array = NONE): Uint8Array {
    const wanted = Math.max(0, Math.min(end, this.length) - start);
    const bytes = wanted <= memory.length ? memory.subarray(0, wanted) : Buffer.allocUnsafeSlow(wanted);
    let read = 0;
    while (read < wanted) {
      const count = readSync(this.#file.descriptor, bytes, read, wanted - read, this.#from + start + read);
      if (count === 0) throw new Error('a file became shorter while it was read');
      read += count;
    }
    return bytes;
  }

  /** A part of it; nothing is read. */
  part(from: number, to: number): FileContent {
    return new FileContent(this.#file, this.#from + from, to - from);
  }
}

/** Takes the digests of a content on the way, while it is read from front to back; to read a part again changes nothing. */
export class DigestedContent implements Content {
  readonly #content: Content;
  readonly #digests = new FileDigests();
  #done = 0;

  constructor(content: Content) {
    this.#content = content;
  }

  get length(): number {
    return this.#content.length;
  }

  subarray(start: number = 0, end: number = this.length, memory: Uint8Array = NONE): Uint8Array {
    const bytes = this.#content.subarray(start, end, memory);
    if (start <= this.#done && start + bytes.length > this.#done) {
      this.#digests.update(bytes.subarray(this.#done - start));
      this.#done = start + bytes.length;
    }
    return bytes;
  }

  /** The digests of all of it, of which the rest is read; once. */
  digests(): Digests {
    while (this.#done < this.length) this.subarray(this.#done, Math.min(this.#done + PIECE, this.length));
    return this.#digests.end();
  }
}

const PIECE = 1024 ** 2;
