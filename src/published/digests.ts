import { createHash, hash } from 'node:crypto';
import type { Content, Digests } from '../model/artifact.ts';

/** Bytes of a file that are in memory at a time. */
const PIECE = 4 * 1024 ** 2;

/** The digests by which one file is named: sha512 (Subresource Integrity), sha256 (in-toto) and sha1 (old registries). */
export function digestsOf(content: Content): Digests {
  const digests = new FileDigests();
  for (let start = 0; start < content.length; start += PIECE) {
    digests.update(content.subarray(start, Math.min(start + PIECE, content.length)));
  }
  return digests.end();
}

/** `digestsOf`, of bytes that come piece by piece. */
export class FileDigests {
  readonly #sha512 = createHash('sha512');
  readonly #sha256 = createHash('sha256');
  readonly #sha1 = createHash('sha1');

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    for (const one of [this.#sha512, this.#sha256, this.#sha1]) one.update(bytes);
  }

  /** The digests of all bytes; once. */
  end(): Digests {
    return {
      sha512: this.#sha512.digest('hex'),
      sha256: this.#sha256.digest('hex'),
      sha1: this.#sha1.digest('hex'),
    };
  }
}

/** The digests by which one entry is named. */
export interface EntryDigests {
  /** The id that git gives to the bytes: sha1 of `blob <size>\0<bytes>`, lowercase hex. */
  readonly blobId: string;
  /** Lowercase hex. */
  readonly sha256: string;
}

/** The digests of one entry that is in memory. */
export function digestContent(bytes: Uint8Array): EntryDigests {
  return bytes.length === 0 ? OF_NOTHING : { blobId: gitBlobId(bytes), sha256: sha256Of(bytes) };
}

/** `digestContent`, of bytes that come piece by piece. */
export class ContentDigests {
  readonly #size: number;
  #hashes: {
    readonly blob: ReturnType<typeof createHash>;
    readonly sha256: ReturnType<typeof createHash>;
  } | null = null;

  /** @param size of all bytes: git's id begins with it */
  constructor(size: number) {
    this.#size = size;
  }

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    this.#hashes ??= { blob: blobHash(this.#size), sha256: createHash('sha256') };
    this.#hashes.blob.update(bytes);
    this.#hashes.sha256.update(bytes);
  }

  /** The digests of all bytes; once. */
  end(): EntryDigests {
    const { blob, sha256 } = this.#hashes ?? { blob: blobHash(this.#size), sha256: createHash('sha256') };
    return { blobId: blob.digest('hex'), sha256: sha256.digest('hex') };
  }
}

/** sha256 of some bytes, lowercase hex. */
export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** Kept once: an archive can have a million empty entries. */
const OF_NOTHING: EntryDigests = {
  blobId: gitBlobId(new Uint8Array()),
  sha256: sha256Of(new Uint8Array()),
};

/** The id that git gives to these bytes: sha1 of `blob <size>\0<bytes>`, lowercase hex. */
export function gitBlobId(bytes: Uint8Array): string {
  return blobHash(bytes.byteLength).update(bytes).digest('hex');
}

function blobHash(size: number): ReturnType<typeof createHash> {
  return createHash('sha1').update(`blob ${size}\0`);
}
