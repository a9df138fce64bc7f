import type { Deadline } from '../deadline.ts';
import { borrow } from './borrow.ts';
import { Copy, type Wanted } from './copy.ts';
import type { GitFailure } from './git.ts';
import { inLettersOfDisk } from './local-mirror.ts';
import { FULL_ID, type Repository } from './repository.ts';
import { remotesFor, type RepositoryUrl } from './repository-url.ts';

/** What became of one remote. */
export interface RemoteFailure {
  readonly url: string;
  readonly why: GitFailure['why'];
  readonly message: string;
}

export interface OpenOptions {
  readonly cacheDir: string;
  /** What names the repository in the cache: its canonical URL. */
  readonly key: string;
  /** URLs or paths to try, in order. */
  readonly remotes: readonly string[];
  /** What would do if not everything can be had. */
  readonly wanted?: Wanted;
  /** Most bytes that a remote may send at once. */
  readonly maxBytes?: number;
  /** Stops every git command that is run on the repository, now and later. */
  readonly deadline?: Deadline;
}

export type Opened =
  | {
      readonly ok: true;
      readonly repository: Repository;
      /** The remote that answered. */
      readonly remote: string;
      /** Why the repository is not whole; null when it is. */
      readonly partial: string | null;
    }
  | { readonly ok: false; readonly failures: readonly RemoteFailure[] };

/**
 * Opens the cached bare copy of a repository and brings it up to date from the first remote that answers. Every remote
 * has a copy of its own, whose branches and tags are exactly those that it has now. A folder on this machine lends its
 * objects (see `borrow`). Any other remote that cannot give everything (it is too much, or one damaged object anywhere in
 * its history) is asked for its history without large files (see `Copy`), and then for the wanted tags and commits alone,
 * without history.
 *
 * @returns the repository, or what each remote said
 */
export async function openRepository(options: OpenOptions): Promise<Opened> {
  const failures: RemoteFailure[] = [];
  for (const remote of options.remotes) {
    const lent = await borrow({ ...options, remote });
    if (lent !== null) return { ok: true, repository: lent, remote, partial: null };
    const copy = new Copy({ ...options, remote, kind: 'whole' });
    const failure = await copy.update();
    if (failure === null) return { ok: true, repository: copy.repository(), remote, partial: null };
    const lean = new Copy({ ...options, remote, kind: 'lean' });
    if (failure.reached && (await lean.update()) === null)
      return { ok: true, repository: lean.repository(), remote, partial: null };
    const rescued = options.wanted === undefined ? null : await copy.rescue(options.wanted);
    if (rescued !== null)
      return { ok: true, repository: rescued, remote, partial: `${remote}: ${failure.message}` };
    failures.push({ url: remote, why: failure.why, message: failure.message });
  }
  return { ok: false, failures };
}

/** Opens a repository from the first mirror that answers, else from where it is. */
export async function openFrom(
  url: RepositoryUrl,
  options: Omit<OpenOptions, 'key' | 'remotes'> & { readonly mirrors: readonly string[] },
): Promise<Opened> {
  const remotes = await inLettersOfDisk(remotesFor(url, options.mirrors), options.mirrors);
  return openRepository({ ...options, key: url.url, remotes });
}

/**
 * A repository with one commit that no branch or tag need hold, as the remote gives it by its id; null when it does
 * not. Only for a commit that the user names: hosts give the commits of every fork under every fork's name.
 */
export async function openCommit(
  options: Omit<OpenOptions, 'remotes' | 'wanted'> & { readonly remote: string; readonly commit: string },
): Promise<Repository | null> {
  if (!FULL_ID.test(options.commit)) return null;
  const lent = await borrow(options);
  if (lent !== null) return (await lent.hasCommit(options.commit)) ? lent : null;
  return new Copy({ ...options, kind: 'whole' }).part([`${options.commit}:refs/reprove/${options.commit}`]);
}
