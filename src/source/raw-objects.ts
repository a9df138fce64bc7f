import { hash } from 'node:crypto';
import type { Git } from './git.ts';

/** A commit or an annotated tag as git stores it. */
export interface RawObject {
  readonly type: string;
  readonly text: string;
}

/** Of all objects that are read at once. Commits and tags have a few hundred bytes each. */
const MOST_BYTES = 1024 * 1024;

/**
 * Reads objects as they are stored. One that is missing, or whose bytes do not have its id (git does not look when it
 * reads, and objects can be borrowed from anywhere), is left out.
 *
 * @param ids full ids
 */
export async function rawObjects(git: Git, ids: readonly string[]): Promise<ReadonlyMap<string, RawObject>> {
  if (ids.length === 0) return new Map();
  const input = ids.map((id) => `${id}\n`).join('');
  const output = await git.feed(['cat-file', '--batch'], input, { maxBytes: MOST_BYTES });
  return output.ok ? parse(Buffer.from(output.bytes)) : new Map();
}

/** Git's answer: a line `id type size`, the content, and a line end; or `id missing` (git-cat-file(1)). */
function parse(answer: Buffer): ReadonlyMap<string, RawObject> {
  const found = new Map<string, RawObject>();
  for (let at = 0; at < answer.length;) {
    const end = answer.indexOf('\n', at);
    if (end < 0) break;
    const [id = '', type = '', size] = answer.toString('latin1', at, end).split(' ');
    at = end + 1;
    if (size === undefined) continue;
    const content = answer.subarray(at, at + Number(size));
    at += content.length + 1;
    const whole = Buffer.concat([Buffer.from(`${type} ${size}\0`), content]);
    if (hash('sha1', whole) === id) found.set(id, { type, text: content.toString('utf8') });
  }
  return found;
}
