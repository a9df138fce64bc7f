import { type Git, gitUnavailable } from './git.ts';

/** Larger files are no text that anybody wrote. */
export const LARGEST_TEXT = 8 * 1024 * 1024;
/** What is read at once; each answer has a line before and after it. */
const MOST_BYTES = 32 * 1024 * 1024;
const LONGEST_LINE = 128;

interface Blob {
  readonly id: string;
  readonly size: number;
}

type Texts = ReadonlyMap<string, string>;

/** Reads blobs as text. Those that are asked for in the same moment are read by one process: a start costs the most. */
export class TextReader {
  readonly #git: Git;
  #asked = new Set<string>();
  #answer: Promise<Texts> | null = null;

  constructor(git: Git) {
    this.#git = git;
  }

  /** The text of a blob; null when it is not there, or larger than 8 MiB. */
  async read(id: string): Promise<string | null> {
    this.#asked.add(id);
    this.#answer ??= this.#readAsked();
    return (await this.#answer).get(id) ?? null;
  }

  async #readAsked(): Promise<Texts> {
    // Until everybody has asked who can do so without waiting for an answer.
    await new Promise((resolve) => setImmediate(resolve));
    const ids = [...this.#asked];
    this.#asked = new Set();
    this.#answer = null;
    const texts = new Map<string, string>();
    for (const part of parts(await this.#sizes(ids))) {
      for (const [id, text] of await this.#contents(part)) texts.set(id, text);
    }
    return texts;
  }

  async #sizes(ids: readonly string[]): Promise<readonly Blob[]> {
    const format = '--batch-check=%(objectname) %(objecttype) %(objectsize)';
    const answers = await this.#feed([format], ids, ids.length * LONGEST_LINE);
    return (answers?.toString('latin1') ?? '').split('\n').flatMap((line) => {
      const [id, type, size] = line.split(' ');
      const isText = id !== undefined && type === 'blob' && Number(size) <= LARGEST_TEXT;
      return isText ? [{ id, size: Number(size) }] : [];
    });
  }

  async #contents(blobs: readonly Blob[]): Promise<Texts> {
    const bytes = blobs.reduce((sum, { size }) => sum + size + LONGEST_LINE, 0);
    const answers = await this.#feed(
      ['--batch'],
      blobs.map(({ id }) => id),
      bytes,
    );
    const texts = new Map<string, string>();
    let at = 0;
    for (const { id, size } of answers === null ? [] : blobs) {
      const start = (answers?.indexOf('\n', at) ?? 0) + 1;
      texts.set(id, answers?.toString('utf8', start, start + size) ?? '');
      at = start + size + 1;
    }
    return texts;
  }

  /** Null when there was no time, or more than was announced. */
  async #feed(how: readonly string[], ids: readonly string[], maxBytes: number): Promise<Buffer | null> {
    if (ids.length === 0) return null;
    const input = ids.map((id) => `${id}\n`).join('');
    const output = await this.#git.feed(['cat-file', ...how], input, { maxBytes });
    if (output.ok) return Buffer.from(output.bytes.buffer, output.bytes.byteOffset, output.bytes.byteLength);
    if (output.failure.why === 'failed') throw gitUnavailable(output.failure.message);
    return null;
  }
}

/** The same blobs in groups that can each be held in memory. */
function parts(blobs: readonly Blob[]): readonly (readonly Blob[])[] {
  const groups: Blob[][] = [];
  let left = 0;
  for (const blob of blobs) {
    const last = groups.at(-1);
    if (last === undefined || blob.size > left) {
      groups.push([blob]);
      left = MOST_BYTES - blob.size;
      continue;
    }
    last.push(blob);
    left -= blob.size;
  }
  return groups;
}
