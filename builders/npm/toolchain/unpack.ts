import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar';

export interface UnpackOptions {
  readonly bytes: Uint8Array;
  /** Does not exist yet; appears whole or not at all. */
  readonly directory: string;
  /** Decides by the path below the package whether a file is needed. */
  readonly needed: (path: string) => boolean;
  /** Bytes of content that may be written. */
  readonly maxBytes?: number;
}

/** The largest Node distribution has some 210 MB. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Unpacks the regular files of an npm artifact, without its first path component. Links and special files are left
 * out, so nothing can lead outside. When the directory exists already (another process was faster), it is kept.
 */
export async function unpack({
  bytes,
  directory,
  needed,
  maxBytes = MAX_BYTES,
}: UnpackOptions): Promise<void> {
  if (await exists(directory)) return;
  const temporary = join(dirname(directory), `.unpacking-${randomBytes(8).toString('hex')}`);
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  try {
    extractInto(temporary, bytes, needed, maxBytes);
    await rename(temporary, directory);
  } catch (thrown) {
    if (!(await exists(directory))) throw thrown;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** In one go: a write still under way when an archive turns out to be broken would make a folder anew that was taken away. */
function extractInto(
  cwd: string,
  bytes: Uint8Array,
  needed: (path: string) => boolean,
  maxBytes: number,
): void {
  let size = 0;
  const errors: Error[] = [];
  const stream = extract({
    sync: true,
    cwd,
    strip: 1,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    // Modes as stored, whatever the umask of whoever runs us.
    chmod: true,
    processUmask: 0o022,
    filter: (path, entry) => {
      if (!('type' in entry) || (entry.type !== 'File' && entry.type !== 'OldFile')) return false;
      if (!needed(path.slice(path.indexOf('/') + 1))) return false;
      size += entry.size ?? 0;
      return size <= maxBytes;
    },
  });
  stream.on('error', (error: Error) => errors.push(error));
  stream.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const [first] = errors;
  if (first !== undefined) throw first;
  if (size > maxBytes) throw new Error(`it unpacks to more than ${maxBytes} bytes`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
