import { isAscii } from 'node:buffer';
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, ReproveError } from '../errors.ts';
import { type InputEcosystem, type InputText, Unreadable } from './format.ts';

/** Bytes. The longest lockfiles and SBOMs that people have are a fifth of it. */
const LARGEST = 128 * 1024 ** 2;
const LARGEST_MANIFEST = 1024 ** 2;
/** Levels of folders below the one that was named. */
const DEEPEST = 64;

/** A file to read. */
export interface InputPath {
  readonly path: string;
  /** As the user named it, or below the folder that the user named. */
  readonly shown: string;
}

export interface FindOptions {
  readonly cwd: string;
  readonly ecosystems: readonly Pick<InputEcosystem, 'installFolders'>[];
  /** Names of the files to take from folders. */
  readonly fileNames: readonly string[];
}

/**
 * The files that paths name, each once; of folders, those with a known name, outside of folders that packages are installed into.
 * Links are not followed inside folders.
 *
 * @throws ReproveError `usage` for a path that is not there, and for a folder without any
 */
export async function* findFiles(paths: readonly string[], options: FindOptions): AsyncGenerator<InputPath> {
  const seen = new Set<string>();
  for (const shown of paths) {
    const absolute = path.resolve(options.cwd, shown);
    const isFolder = (await statOf(absolute, shown)).isDirectory();
    let found = 0;
    for await (const one of isFolder
      ? walk({ path: absolute, shown }, options, 0)
      : [{ path: absolute, shown }]) {
      found += 1;
      if (seen.has(one.path)) continue;
      seen.add(one.path);
      yield one;
    }
    if (found === 0) throw nothingIn(shown, options);
  }
}

async function statOf(absolute: string, shown: string): ReturnType<typeof stat> {
  try {
    return await stat(absolute);
  } catch (error) {
    throw new ReproveError('usage', {
      what: `${shown} cannot be read.`,
      why: `${messageOf(error)}.`,
      next: 'Name lockfiles, SBOMs, lists of package versions, or folders with such files.',
    });
  }
}

function nothingIn(shown: string, { fileNames }: FindOptions): ReproveError {
  return new ReproveError('usage', {
    what: `${shown} holds no file that lists packages.`,
    why: `In folders these are looked for: ${[...new Set(fileNames)].join(', ')}.`,
    next: 'Name the file itself; its name does not matter then.',
  });
}

async function* walk(folder: InputPath, options: FindOptions, depth: number): AsyncGenerator<InputPath> {
  if (depth > DEEPEST) return;
  const installed = new Set(options.ecosystems.flatMap(({ installFolders }) => installFolders));
  const entries = await readdir(folder.path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const one = { path: path.join(folder.path, entry.name), shown: path.join(folder.shown, entry.name) };
    if (entry.isFile() && options.fileNames.includes(entry.name)) yield one;
    // `.git` holds copies of everything, and no file that anybody installs from.
    else if (entry.isDirectory() && !installed.has(entry.name) && entry.name !== '.git')
      yield* walk(one, options, depth + 1);
  }
}

/**
 * The text of a file, and of the manifest beside it.
 *
 * @throws Unreadable for what is no regular file or too large; the error of the file system
 */
export function readInputFile(
  file: InputPath,
  manifestNames: readonly string[],
): Pick<InputText, 'text' | 'manifest'> {
  const text = textOf(file.path, LARGEST);
  for (const name of manifestNames) {
    const manifest = path.join(path.dirname(file.path), name);
    if (existsSync(manifest)) return { text, manifest: manifestOf(manifest) };
  }
  return { text, manifest: null };
}

/** Of a manifest that cannot be read nothing is known. */
function manifestOf(file: string): string | null {
  try {
    return textOf(file, LARGEST_MANIFEST);
  } catch {
    return null;
  }
}

/** Bytes. Fresh memory for each of a thousand files takes longer to get than to fill. */
const MEMORY = Buffer.allocUnsafeSlow(4 * 1024 ** 2);

/** Waits for the file system: whoever reads thousands does it in threads. */
function textOf(file: string, largest: number): string {
  // Opening a pipe that nobody writes to would wait for ever.
  const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(handle);
    if (!info.isFile()) throw new Unreadable('It is no regular file.');
    if (info.size > largest) throw new Unreadable(`It has ${info.size} bytes; at most ${largest} are read.`);
    const memory = info.size <= MEMORY.length ? MEMORY : Buffer.allocUnsafeSlow(info.size);
    let length = 0;
    while (length < info.size) {
      const read = readSync(handle, memory, length, info.size - length, null);
      if (read === 0) break;
      length += read;
    }
    return decoded(memory.subarray(0, length));
  } finally {
    closeSync(handle);
  }
}

/** UTF-8, or UTF-16 as PowerShell's `>` writes it, told by its byte order mark. */
function decoded(bytes: Buffer): string {
  // Nearly all are, and a byte for a character is several times faster to read.
  if (isAscii(bytes)) return bytes.toString('latin1');
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
