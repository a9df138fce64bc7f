import type { Deadline } from '../deadline.ts';
import { borrow } from './borrow.ts';
import type { Git } from './git.ts';
import { exists, GitCache, nameOf } from './git-cache.ts';
import { FULL_ID, Repository } from './repository.ts';

/** What became of one remote. */
export interface RemoteFailure {
  readonly url: string;
  readonly message: string;
}

/** What of a repository matters when it cannot be had whole. */
export interface Wanted {
  /** @param tag name without `refs/tags/` */
  tag(tag: string): boolean;
  /** Full ids; one that is not the tip of a branch or tag is not asked for. */
  readonly commits: readonly string[];
}

export interface OpenOptions {
  readonly cacheDir: string;
  /** What names the repository in the cache: its canonical URL. */
  readonly key: string;
  /** URLs or paths to try, in order. */
  readonly remotes: readonly string[];
  /** What would do if not everything can be had. */
  readonly wanted?: Wanted;
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
 * objects (see `borrow`). Any other remote that cannot give everything (one damaged object anywhere in its history is
 * enough) is asked for the wanted tags and commits alone, without history.
 *
 * @returns the repository, or what each remote said
 */
export async function openRepository(options: OpenOptions): Promise<Opened> {
  const failures: RemoteFailure[] = [];
  for (const remote of options.remotes) {
    const lent = await borrow({ ...options, remote });
    if (lent !== null) return { ok: true, repository: lent, remote, partial: null };
    const copy = new Copy({ ...options, remote });
    const message = await copy.update();
    if (message === null) return { ok: true, repository: copy.repository(), remote, partial: null };
    const rescued = options.wanted === undefined ? null : await copy.rescue(options.wanted);
    if (rescued !== null) {
      return { ok: true, repository: rescued, remote, partial: `${remote}: ${message}` };
    }
    failures.push({ url: remote, message });
  }
  return { ok: false, failures };
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
  return new Copy(options).part([`${options.commit}:refs/reprove/${options.commit}`]);
}

/** More tags and commits of one version are not worth a fetch each. */
const MOST_WANTED = 20;
const EVERYTHING = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/** The copy of one remote in the cache. */
class Copy {
  readonly #cache: GitCache;
  readonly #remote: string;
  readonly #name: string;

  constructor(options: { cacheDir: string; key: string; remote: string; deadline?: Deadline }) {
    this.#cache = new GitCache(options);
    this.#remote = options.remote;
    this.#name = nameOf([options.key, options.remote]);
  }

  repository(name = this.#name): Repository {
    const directory = this.#cache.directoryOf(name);
    return new Repository({ directory, git: this.#cache.gitIn(directory) });
  }

  /** Makes the branches and tags those of the remote. Null when that worked, else what git said. */
  async update(): Promise<string | null> {
    const done = await this.#cache.alone(this.#name, () => this.#updateAlone());
    return done.inTime ? done.value : 'the time was over';
  }

  async #updateAlone(): Promise<string | null> {
    const directory = this.#cache.directoryOf(this.#name);
    if (await exists(directory)) return this.#fetch(this.#cache.gitIn(directory), EVERYTHING, ['--prune']);
    return this.#cache.inNewFolder(async (git, keep) => {
      const failure = await this.#fetch(git, EVERYTHING, ['--prune']);
      if (failure === null) await keep(this.#name);
      return failure;
    });
  }

  /** Fetches wanted tags and commits one by one, each without history; null when none came. */
  async rescue(wanted: Wanted): Promise<Repository | null> {
    return this.part((git) => this.#wantedSpecs(git, wanted));
  }

  /**
   * A repository of its own with nothing but what these refspecs bring, without history: kept apart, as a history that
   * was cut once stays cut (gitglossary(7), shallow repository). Null when nothing came.
   */
  async part(
    specs: readonly string[] | ((git: Git) => Promise<readonly string[]>),
  ): Promise<Repository | null> {
    return this.#cache.inNewFolder(async (git, keep) => {
      const asked = typeof specs === 'function' ? await specs(git) : specs;
      for (const spec of asked.slice(0, MOST_WANTED)) await this.#fetch(git, [spec], ['--depth=1']);
      const refs = await git.run(['for-each-ref', '--format=%(objectname) %(refname)']);
      if (!refs.ok || refs.text.trim() === '') return null;
      const name = nameOf([this.#name, refs.text]);
      await keep(name);
      return this.repository(name);
    });
  }

  async #wantedSpecs(git: Git, wanted: Wanted): Promise<readonly string[]> {
    const args = ['ls-remote', '--heads', '--tags', '--end-of-options', this.#remote];
    const listing = await git.run(args);
    if (!listing.ok) return [];
    const refs = listing.text.split('\n').flatMap((line) => {
      const [id, name] = line.split('\t');
      // `name^{}` is the commit that the annotated tag `name` leads to.
      return id === undefined || name === undefined ? [] : [{ id, name: name.replace(/\^\{\}$/, '') }];
    });
    const isWanted = ({ id, name }: { id: string; name: string }) =>
      wanted.commits.includes(id) ||
      (name.startsWith('refs/tags/') && wanted.tag(name.slice('refs/tags/'.length)));
    return [...new Set(refs.filter(isWanted).map(({ name }) => `+${name}:${name}`))];
  }

  /** Null when it worked, else what git said. Tags that moved are followed. */
  async #fetch(git: Git, refs: readonly string[], how: readonly string[]): Promise<string | null> {
    // Verbose, since simple-git waits 50 ms longer for a command that prints nothing.
    const flags = [
      '-v',
      '--no-tags',
      '--progress',
      '--no-auto-maintenance',
      '--no-recurse-submodules',
      ...how,
    ];
    const args = ['fetch', ...flags, '--no-write-fetch-head', '--end-of-options', this.#remote, ...refs];
    const done = await git.run(args);
    return done.ok ? null : done.failure.message;
  }
}
