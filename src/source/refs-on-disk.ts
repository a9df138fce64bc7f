import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

const LARGEST_PACKED_REFS = 64 * 1024 * 1024;
const LARGEST_LOOSE_REF = 4096;
const MOST_LOOSE_REFS = 50_000;
const DEEPEST = 50;
const MOST_HOPS = 5;

/** Branches and tags by their full names, and the id of each. Names are byte strings: they need not be UTF-8. */
export type RefIds = ReadonlyMap<string, string>;

/**
 * Reads the branches and tags of a repository from its files, as git lays them out (gitrepository-layout(5)): no git
 * runs in a folder that somebody else may have configured.
 *
 * @returns null when they are kept in another way, or when something among them is neither a folder nor a small file
 */
export async function refsOnDisk(gitDirectory: string): Promise<RefIds | null> {
  const packed = await textOf(path.join(gitDirectory, 'packed-refs'), LARGEST_PACKED_REFS);
  const loose = await looseRefs(gitDirectory);
  if (packed === null || loose === null) return null;
  const all = new Map(packedRefs(packed));
  for (const [name, content] of loose) all.set(name, content);
  return resolved(all);
}

const PACKED_LINE = /^([0-9a-f]{40}) (.+)$/;

function packedRefs(text: string): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line) => {
    // A line that starts with ^ is what the tag above it leads to: git can look itself.
    const [, id, name] = PACKED_LINE.exec(line) ?? [];
    return id !== undefined && name !== undefined && isRefName(name) ? [[name, id] as const] : [];
  });
}

/** The content of a packed-refs file with these refs. */
export function packedRefsText(refs: RefIds): string {
  const lines = [...refs].map(([name, id]) => ({ name, id })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return ['# pack-refs with: sorted \n', ...lines.map(({ name, id }) => `${id} ${name}\n`)].join('');
}

async function looseRefs(gitDirectory: string): Promise<ReadonlyMap<string, string> | null> {
  const found = new Map<string, string>();
  const folders = ['refs/heads', 'refs/tags'];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(onDisk(gitDirectory, folder), {
      withFileTypes: true,
      encoding: 'buffer',
    }).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : null));
    if (entries === null || folder.split('/').length > DEEPEST) return null;
    for (const entry of entries) {
      const name = `${folder}/${entry.name.toString('latin1')}`;
      if (entry.isDirectory()) folders.push(name);
      // A lock, or what a crash left: git does not see it either.
      if (entry.isDirectory() || !isRefName(name)) continue;
      const content = entry.isFile() ? await textOf(onDisk(gitDirectory, name), LARGEST_LOOSE_REF) : null;
      if (content === null || found.size >= MOST_LOOSE_REFS) return null;
      found.set(name, content.trim());
    }
  }
  return found;
}

/** A path whose last part is a byte string. */
function onDisk(gitDirectory: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${gitDirectory}/`), Buffer.from(name, 'latin1')]);
}

/** Follows symbolic refs; one that leads nowhere, or out of branches and tags, is left out. */
function resolved(contents: ReadonlyMap<string, string>): RefIds {
  const refs = new Map<string, string>();
  for (const [name, content] of contents) {
    let value: string | undefined = content;
    for (let hops = 0; hops < MOST_HOPS && value?.startsWith('ref:') === true; hops += 1) {
      value = contents.get(value.slice('ref:'.length).trim());
    }
    if (value !== undefined && /^[0-9a-f]{40}$/.test(value)) refs.set(name, value);
  }
  return refs;
}

/** A branch or tag with a name that git takes (git-check-ref-format(1)): it dies of a file with any other. */
function isRefName(name: string): boolean {
  if (!/^refs\/(?:heads|tags)\/[^\0-\x20\x7f~^:?*[\\]{1,1000}$/.test(name)) return false;
  if (name.includes('..') || name.includes('@{') || name.endsWith('.')) return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

/** Content of a file as a byte string, empty when there is none; null when it is no plain file or too large. */
async function textOf(file: string | Buffer, largest: number): Promise<string | null> {
  try {
    const { size } = await stat(file).then((one) => (one.isFile() ? one : { size: Infinity }));
    return size <= largest ? await readFile(file, 'latin1') : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? '' : null;
  }
}
