import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cannot, found, type Outcome } from '../model/verdict.ts';
import { type CommitStore, copyObjects, type ObjectIds, objectsOf } from './commit-store.ts';
import { type Git, type GitFailure, reasonOf } from './git.ts';
import { exists, type GitCache, nameOf } from './git-cache.ts';

interface ExtractRequest {
  readonly cache: GitCache;
  /** Name of the copy in the cache. */
  readonly name: string;
  /** Runs in that copy. */
  readonly git: Git;
  readonly commit: string;
}

/**
 * A repository of our own with one commit of a copy that borrows its objects, as far as the lender has them. Git reads
 * the objects of a pack without asking whether they have the ids that its index states; here every id is computed anew,
 * as when objects are fetched. A lender that is damaged, or lies, gives a reason.
 */
export async function extractCommit(request: ExtractRequest): Promise<Outcome<CommitStore>> {
  const { cache, name, git, commit } = request;
  const whole = nameOf([name, commit]);
  if (await exists(cache.directoryOf(whole))) return found(storeAt(cache, whole, []));
  const listed = await objectsOf(git, commit);
  if (!listed.ok) return unread(commit, listed.failure);
  // Named for what is missing, too: the lender may have it the next time.
  const { missing } = listed.value;
  const key = missing.length === 0 ? whole : nameOf([name, commit, ...missing]);
  if (await exists(cache.directoryOf(key))) return found(storeAt(cache, key, missing));
  const failed = await cache.inNewFolder(async (to, keep, directory) => {
    const failure = await fill({ ...request, to: { git: to, directory }, objects: listed.value });
    if (failure === null) await keep(key);
    return failure;
  });
  return failed ?? found(storeAt(cache, key, missing));
}

function storeAt(cache: GitCache, key: string, missing: readonly string[]): CommitStore {
  const directory = cache.directoryOf(key);
  return { kind: 'extract', directory, git: cache.gitIn(directory), missing: new Set(missing) };
}

type Failed = Extract<Outcome<never>, { ok: false }>;

async function fill(
  options: ExtractRequest & { to: { git: Git; directory: string }; objects: ObjectIds },
): Promise<Failed | null> {
  const { git, commit, to, objects } = options;
  const copied = await copyObjects({ from: git, to, ids: objects.present });
  if (copied !== null) return unread(commit, copied);
  const parent = await git.run(['rev-parse', '--verify', '--quiet', `${commit}^1`]);
  // Git must not look for the history behind it (gitglossary(7), shallow repository).
  if (parent.ok) await writeFile(path.join(to.directory, 'shallow'), `${commit}\n`);
  const arrived = await objectsOf(to.git, commit);
  const same = arrived.ok && arrived.value.missing.join() === objects.missing.join();
  if (same) return null;
  return unread(commit, { why: 'failed', message: 'some of its objects are not what their ids say' });
}

function unread(commit: string, failure: GitFailure): Failed {
  const what = `The files of commit ${commit.slice(0, 12)} cannot be read from the mirror`;
  const reason = reasonOf(failure, what);
  if (failure.why !== 'failed') return { ok: false, reason };
  return cannot(
    'repository-unreachable',
    `${reason.message} The mirror is damaged: see what "git fsck" says.`,
  );
}
