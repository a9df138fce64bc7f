import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { Random } from './random.ts';

const BLOCK = 512;

/** A package to make: what it holds, and what of that is not as in its pair. */
export interface Recipe {
  /** Scripts of 2 KB and more. */
  readonly scripts: number;
  /** Bytes of the largest script; default 40 KB. */
  readonly largestScript?: number;
  /** Bytes of each file that is large and cannot be compressed. */
  readonly binaries: readonly number[];
  /** Bytes of each file that is large and can. */
  readonly texts: readonly number[];
  /** Empty files. */
  readonly empty?: number;
  /** Bytes of one file of zeros; default: none. */
  readonly zeros?: number;
  /** So many scripts, evenly spread, have one other line. */
  readonly changed?: number;
  /** Whether the last large file of either kind has other bytes in its middle. */
  readonly changedLarge?: boolean;
  readonly gzipLevel?: number;
  /** Seconds since the epoch, of every entry. */
  readonly mtime?: number;
  /** Goes into every file. */
  readonly version?: string;
}

/** What was written. */
export interface Written {
  readonly file: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of the tar stream in it. */
  readonly unpacked: number;
  readonly entries: number;
}

/** Writes a package (`.tgz`), the same for the same recipe and seed wherever it is made, but for the compression. */
export async function writePackage(file: string, recipe: Recipe, seed: number): Promise<Written> {
  const gzip = createGzip({ level: recipe.gzipLevel ?? 6 });
  const out = createWriteStream(file);
  gzip.pipe(out);
  const writer = new TarWriter(gzip, recipe.mtime ?? 499_162_500);
  const version = recipe.version ?? '1.0.0';
  await writer.add('package.json', Buffer.from(JSON.stringify({ name: 'reprove-bench', version })));
  for (const [name, content] of filesOf(recipe, new Random(seed))) await writer.add(name, content);
  await writer.end();
  await finished(out);
  return { file, size: out.bytesWritten, unpacked: writer.size, entries: writer.entries };
}

function* filesOf(recipe: Recipe, random: Random): Generator<readonly [string, Buffer]> {
  const { scripts, binaries, texts, changed = 0, changedLarge = false, largestScript = 40_000 } = recipe;
  const every = changed === 0 ? Infinity : Math.floor(scripts / changed);
  for (let index = 0; index < scripts; index += 1) {
    const content = random.script(2_000 + random.below(largestScript - 2_000));
    const isChanged = index % every === 0 && index / every < changed;
    yield [`lib/part-${index % 50}/file-${index}.js`, isChanged ? withOtherLine(content) : content];
  }
  for (const [index, size] of binaries.entries()) {
    yield [
      `assets/data-${index}.bin`,
      large(random.bytes(size), changedLarge && index === binaries.length - 1),
    ];
  }
  for (const [index, size] of texts.entries()) {
    yield [
      `assets/text-${index}.txt`,
      large(random.script(size), changedLarge && index === texts.length - 1),
    ];
  }
  if (recipe.zeros !== undefined) yield ['assets/zeros.bin', Buffer.alloc(recipe.zeros)];
  for (let index = 0; index < (recipe.empty ?? 0); index += 1)
    yield [`empty/${index % 1000}/${index}`, EMPTY];
}

const EMPTY = Buffer.alloc(0);

/** With another statement in the middle. */
function withOtherLine(script: Buffer): Buffer {
  const lines = script.toString().split('\n');
  lines[lines.length >> 1] = "export const other = require('node:os').hostname();";
  return Buffer.from(lines.join('\n'));
}

function large(content: Buffer, isChanged: boolean): Buffer {
  if (isChanged) content.write('other bytes', content.length >> 1, 'latin1');
  return content;
}

/** Writes ustar entries (POSIX.1-2017 pax, "ustar Interchange Format") as fast as they are taken. */
class TarWriter {
  readonly #out: Gzip;
  readonly #mtime: number;
  size = 0;
  entries = 0;

  constructor(out: Gzip, mtime: number) {
    this.#out = out;
    this.#mtime = mtime;
  }

  async add(path: string, content: Buffer): Promise<void> {
    const header = Buffer.alloc(BLOCK);
    header.write(`package/${path}`, 0, 100, 'latin1');
    header.write('000644 \0', 100, 'latin1');
    header.write(`${octal(content.length, 11)}\0${octal(this.#mtime, 11)}\0`, 124, 'latin1');
    header.write('        0', 148, 'latin1');
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
    this.entries += 1;
    await this.#write(header);
    await this.#write(content);
    await this.#write(Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
  }

  async end(): Promise<void> {
    await this.#write(Buffer.alloc(2 * BLOCK));
    this.#out.end();
  }

  async #write(bytes: Buffer): Promise<void> {
    this.size += bytes.length;
    if (bytes.length > 0 && !this.#out.write(bytes)) await once(this.#out, 'drain');
  }
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
