import { copyFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Reason } from '../model/verdict.ts';
import { type CommitStore, copyObjects } from './commit-store.ts';
import { type Git, type GitFailure, reasonOf } from './git.ts';

/** A `.git` with one commit, for builds that ask git where they are. */
export interface CloneRequest {
  readonly commit: string;
  /** Kept when it is a tag that leads to the commit. */
  readonly ref: string | null;
  /** What `git remote` will say. */
  readonly origin: string;
  /** Where the `.git` is made. */
  readonly directory: string;
}

interface Sources {
  /** The repository with the tag. */
  readonly history: Git;
  readonly store: CommitStore;
  /** Paths of the commit whose content is missing. */
  readonly missing: readonly string[];
}

/** What `git init` copies from this machine's templates. */
const TEMPLATES = ['branches', 'description', 'hooks', 'info'];
const FORCE = { recursive: true, force: true } as const;

/**
 * Makes the `.git`. Nothing in it names this machine: no log, no folder, no user.
 *
 * @returns why there is none; null when there is
 */
export async function cloneCommit(request: CloneRequest, sources: Sources): Promise<Reason | null> {
  const git = sources.history.in(request.directory);
  const failure = await make(git, request, sources);
  if (failure !== null) return reasonOf(failure, `Commit ${request.commit.slice(0, 12)} cannot be cloned`);
  const folder = path.join(request.directory, '.git');
  await Promise.all(TEMPLATES.map((name) => rm(path.join(folder, name), FORCE)));
  return null;
}

async function make(git: Git, request: CloneRequest, sources: Sources): Promise<GitFailure | null> {
  const { commit, origin } = request;
  const created = await git.run(['init']);
  if (!created.ok) return created.failure;
  const tag = await tagOf(request, sources.history);
  const brought = await bring({ git, request, sources, tag });
  if (brought !== null) return brought;
  const commands = [
    ['update-ref', '--no-deref', tag?.name ?? 'refs/heads/source', tag?.object ?? commit],
    ['update-ref', '--no-deref', 'HEAD', commit],
    ['remote', 'add', 'origin', origin],
    // Without an index every file looks deleted, and `git describe --dirty` says so.
    ['read-tree', 'HEAD'],
  ];
  for (const command of commands) {
    const done = await git.run(['-c', 'core.logAllRefUpdates=false', ...command]);
    if (!done.ok) return done.failure;
  }
  return leaveOut(git, sources.missing);
}

interface Tag {
  readonly name: string;
  /** The commit, or the annotated tag that leads to it. */
  readonly object: string;
}

async function tagOf({ ref, commit }: CloneRequest, history: Git): Promise<Tag | null> {
  if (ref?.startsWith('refs/tags/') !== true) return null;
  const ids = await history.run(['rev-parse', '--verify', '--quiet', ref]);
  const peeled = await history.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  // It may have moved since.
  if (!ids.ok || !peeled.ok || peeled.text.trim() !== commit) return null;
  return { name: ref, object: ids.text.trim() };
}

async function bring(options: {
  git: Git;
  request: CloneRequest;
  sources: Sources;
  tag: Tag | null;
}): Promise<GitFailure | null> {
  const { git, request, sources, tag } = options;
  const { commit, directory } = request;
  const object = tag?.object ?? commit;
  if (sources.store.kind === 'copy') return fetchFrom(git, sources.store, object);
  const folder = path.join(directory, '.git');
  await copyPacks(sources.store.directory, folder);
  if (object === commit) return null;
  const tags = await sources.history.run([
    'rev-list',
    '--objects',
    '--no-object-names',
    object,
    `^${commit}`,
  ]);
  if (!tags.ok) return tags.failure;
  const ids = tags.text.split('\n').filter((id) => id !== '');
  return copyObjects({ from: sources.history, to: { git, directory: folder }, ids });
}

/** Asked for by id: an annotated tag is an object of its own. */
async function fetchFrom(git: Git, store: CommitStore, object: string): Promise<GitFailure | null> {
  const flags = ['-v', '--depth=1', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
  const done = await git.run(['fetch', ...flags, `file://${store.directory}`, object]);
  return done.ok ? null : done.failure;
}

/** The packs of a repository with one commit, and the file that says that there is no more of its history. */
async function copyPacks(from: string, to: string): Promise<void> {
  const packs = await readdir(path.join(from, 'objects', 'pack'));
  const files = [...packs.map((name) => path.join('objects', 'pack', name)), 'shallow'];
  await Promise.all(
    files.map((file) =>
      copyFile(path.join(from, file), path.join(to, file)).catch((error: NodeJS.ErrnoException) => {
        // A commit without a parent needs no such file.
        if (file !== 'shallow' || error.code !== 'ENOENT') throw error;
      }),
    ),
  );
}

/** Files that are not there must not look deleted either (git-update-index(1), skip-worktree bit). */
async function leaveOut(git: Git, missing: readonly string[]): Promise<GitFailure | null> {
  if (missing.length === 0) return null;
  const paths = missing.map((file) => `${file}\0`).join('');
  const done = await git.feed(['update-index', '-z', '--skip-worktree', '--stdin'], paths);
  return done.ok ? null : done.failure;
}
