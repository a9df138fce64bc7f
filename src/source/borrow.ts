import { createHash } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Deadline } from '../deadline.ts';
import { extractCommit } from './extract.ts';
import type { Git } from './git.ts';
import { exists, GitCache, nameOf } from './git-cache.ts';
import { packedRefsText, type RefIds, refsOnDisk } from './refs-on-disk.ts';
import { Repository } from './repository.ts';

/** A repository on this machine whose objects git can read where they are. */
interface Lender {
  readonly objects: string;
  readonly refs: RefIds;
}

/**
 * Opens a bare copy of a repository on this machine that has its branches and tags and none of its objects: those are
 * read where they are (gitrepository-layout(5), objects/info/alternates). Quick whatever its size, and an object that it
 * lacks harms nobody who does not need it. Nothing else of it counts: no configuration, hook or attribute, and what a
 * commit holds is believed only after its ids were computed anew (see `extractCommit`).
 *
 * @param options.key what names the repository in the cache
 * @returns null when the remote is no folder on this machine, or one whose objects cannot be borrowed
 */
export async function borrow(options: {
  readonly cacheDir: string;
  readonly key: string;
  readonly remote: string;
  readonly deadline?: Deadline;
}): Promise<Repository | null> {
  const lender = await lenderAt(options.remote);
  if (lender === null) return null;
  const cache = new GitCache(options);
  const name = nameOf([options.key, options.remote, 'borrowed']);
  const done = await cache.alone(name, () => update(cache, name, lender));
  if (!done.inTime || !done.value) return null;
  const directory = cache.directoryOf(name);
  const git = cache.gitIn(directory);
  return new Repository({
    directory,
    git,
    storeOf: (commit) => extractCommit({ cache, name, git, commit }),
  });
}

/** Where git looks for the repository that a path names. */
const SUFFIXES = ['/.git', '', '.git'];
/** A repository with one of these gets its objects or its history from elsewhere: git itself has to ask it. */
const ELSEWHERE = ['commondir', 'shallow', 'reftable', 'objects/info/alternates'];

async function lenderAt(remote: string): Promise<Lender | null> {
  if (!path.isAbsolute(remote) || /[\r\n]/.test(remote)) return null;
  for (const suffix of SUFFIXES) {
    const directory = `${remote.replace(/\/+$/, '')}${suffix}`;
    const objects = path.join(directory, 'objects');
    if (!(await isDirectory(objects)) || !(await exists(path.join(directory, 'HEAD')))) continue;
    const elsewhere = await Promise.all(ELSEWHERE.map((file) => exists(path.join(directory, file))));
    const refs = elsewhere.includes(true) ? null : await refsOnDisk(directory);
    return refs === null ? null : { objects, refs };
  }
  return null;
}

/** What the copy was last made from. */
const STAMP = 'reprove-lender';

/** Brings the copy up to date; false when the lender's branches and tags lead to commits that it does not have. */
async function update(cache: GitCache, name: string, lender: Lender): Promise<boolean> {
  const directory = cache.directoryOf(name);
  if (await exists(directory)) return fill(cache.gitIn(directory), directory, lender);
  return cache.inNewFolder(async (git, keep, folder) => {
    const filled = await fill(git, folder, lender);
    if (filled) await keep(name);
    return filled;
  });
}

async function fill(git: Git, directory: string, lender: Lender): Promise<boolean> {
  const stamp = path.join(directory, STAMP);
  const all = packedRefsText(lender.refs);
  const digest = createHash('sha256').update(`${lender.objects}\0${all}`).digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return true;
  await replace(path.join(directory, 'objects', 'info', 'alternates'), `${lender.objects}\n`);
  const refs = await withObjects(git, lender.refs);
  if (refs === null || refs.size === 0) return false;
  await replace(path.join(directory, 'packed-refs'), packedRefsText(refs));
  // Of a history with a hole nobody can say what its branches hold.
  const whole = await git.run(['rev-list', '--count', '--branches', '--tags']);
  if (whole.ok) await replace(stamp, digest);
  return whole.ok;
}

/** The refs that lead to something: git refuses to list any when one does not. Null when git cannot say. */
async function withObjects(git: Git, refs: RefIds): Promise<RefIds | null> {
  const asked = [...refs.values()].map((id) => `${id}^{}\n`).join('');
  const answers = await git.feed(['cat-file', '--batch-check=%(objecttype)'], asked);
  if (!answers.ok) return null;
  const lines = Buffer.from(answers.bytes).toString('latin1').split('\n');
  return new Map([...refs].filter((_ref, index) => !(lines[index] ?? ' ').includes(' ')));
}

/** Whoever reads the file meanwhile sees the old content or the new. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, 'latin1');
  await rename(`${file}.new`, file);
}

function isDirectory(file: string): Promise<boolean> {
  return stat(file).then(
    (one) => one.isDirectory(),
    () => false,
  );
}
