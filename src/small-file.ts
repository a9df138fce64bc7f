import { open } from 'node:fs/promises';
import { messageOf, ReproveError } from './errors.ts';

/** Bytes. Keys, passphrases and policies are smaller. */
const SMALL = 64 * 1024;

export interface SmallFile {
  readonly bytes: Buffer;
  /** The same as UTF-8. */
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * A small file of the user's, with its mode as it was while it was read.
 *
 * @param what to call it, for example `key file`
 * @param largest bytes that it may have
 * @throws ReproveError `usage` when it cannot be read or is too large to be what it should be
 */
export async function readSmallFile(file: string, what: string, largest = SMALL): Promise<SmallFile> {
  try {
    const handle = await open(file, 'r');
    try {
      const { mode } = await handle.stat();
      const buffer = Buffer.alloc(largest + 1);
      const length = await fill(handle, buffer);
      if (length > largest) throw new Error(`It is larger than ${largest} bytes`);
      const bytes = buffer.subarray(0, length);
      return { bytes, text: bytes.toString('utf8'), mode: mode & 0o777 };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = `${messageOf(error)}.`;
    throw new ReproveError('usage', {
      what: `The ${what} ${file} cannot be read.`,
      why,
      next: 'Name a file that is there and that you may read.',
    });
  }
}

/** A pipe gives its bytes in parts. */
async function fill(handle: Awaited<ReturnType<typeof open>>, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
