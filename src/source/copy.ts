import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import type { Deadline } from '../deadline.ts';
import { found, type Outcome } from '../model/verdict.ts';
import type { CommitStore } from './commit-store.ts';
import { extractCommit } from './extract.ts';
import type { Git, GitFailure } from './git.ts';
import { exists, GitCache, nameOf } from './git-cache.ts';
import { Repository } from './repository.ts';

/** What of a repository matters when it cannot be had whole. */
export interface Wanted {
  /** @param tag name without `refs/tags/` */
  tag(tag: string): boolean;
  /** Full ids; one that is not the tip of a branch or tag is not asked for. */
  readonly commits: readonly string[];
}

/** More tags and commits of one version are not worth a fetch each. */
const MOST_WANTED = 20;
const EVERYTHING = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
/** Enough for all but a few dozen repositories in the world; those have more history than anybody needs at once. */
const MOST_BYTES = 4 * 1024 ** 3;
/** Leaves pictures, films and archives out, and hardly any file that says anything about a version. */
const LEAN = '--filter=blob:limit=1m';

/** Why an update did not work. */
interface UpdateFailure extends GitFailure {
  /** Whether the remote had begun to send something, so that asking for less may help. */
  readonly reached: boolean;
}

/**
 * The copy of one remote in the cache: `whole`, or `lean`, without large files. Of a lean one each commit that is looked
 * at is fetched for itself, with all of its files.
 */
export class Copy {
  readonly #cache: GitCache;
  readonly #remote: string;
  readonly #name: string;
  readonly #kind: 'whole' | 'lean';
  readonly #maxBytes: number;

  constructor(options: {
    cacheDir: string;
    key: string;
    remote: string;
    kind: 'whole' | 'lean';
    maxBytes?: number;
    deadline?: Deadline;
  }) {
    this.#cache = new GitCache(options);
    this.#remote = options.remote;
    this.#kind = options.kind;
    const parts = [options.key, options.remote];
    this.#name = nameOf(options.kind === 'whole' ? parts : [...parts, options.kind]);
    this.#maxBytes = options.maxBytes ?? MOST_BYTES;
  }

  repository(name = this.#name): Repository {
    const directory = this.#cache.directoryOf(name);
    const git = this.#cache.gitIn(directory);
    if (this.#kind === 'whole') return new Repository({ directory, git });
    return new Repository({ directory, git, storeOf: (commit) => this.#fetchCommit(git, commit) });
  }

  /** Makes the branches and tags those of the remote. Null when that worked. */
  async update(): Promise<UpdateFailure | null> {
    const done = await this.#cache.alone(this.#name, () => this.#updateAlone());
    return done.inTime ? done.value : { why: 'timed-out', message: 'the time was over', reached: false };
  }

  async #updateAlone(): Promise<UpdateFailure | null> {
    const directory = this.#cache.directoryOf(this.#name);
    if (await exists(directory)) return this.#fetchAll(this.#cache.gitIn(directory), directory);
    return this.#cache.inNewFolder(async (git, keep, folder) => {
      const failure = await this.#fetchAll(git, folder);
      if (failure === null) await keep(this.#name);
      return failure;
    });
  }

  async #fetchAll(git: Git, directory: string): Promise<UpdateFailure | null> {
    if (this.#kind === 'whole') return this.#fetch(git, EVERYTHING, ['--prune']);
    // A fetch with a filter makes git ask the remote for whatever is missing, whenever it likes; that is undone.
    const [config, own] = [path.join(directory, 'config'), path.join(directory, 'config.own')];
    if (!(await exists(own))) await copyFile(config, own);
    const failure = await this.#fetch(git, EVERYTHING, ['--prune', LEAN]);
    await copyFile(own, config);
    return failure;
  }

  /** A commit with all of its files; without large ones when the remote gives no commit by its id. */
  async #fetchCommit(git: Git, commit: string): Promise<Outcome<CommitStore>> {
    const name = nameOf([this.#name, 'fetched', commit]);
    const there = await exists(this.#cache.directoryOf(name));
    const fetched =
      there ||
      (await this.#cache.inNewFolder(async (into, keep) => {
        const failure = await this.#fetch(into, [commit], ['--depth=1']);
        if (failure === null) await keep(name);
        return failure === null;
      }));
    if (!fetched) return extractCommit({ cache: this.#cache, name: this.#name, git, commit });
    const directory = this.#cache.directoryOf(name);
    return found({ kind: 'extract', directory, git: this.#cache.gitIn(directory), missing: new Set() });
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

  /** Null when it worked. Tags that moved are followed. */
  async #fetch(git: Git, refs: readonly string[], how: readonly string[]): Promise<UpdateFailure | null> {
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
    let reached = false;
    const watch = (said: string) => {
      reached ||= RECEIVING.test(said);
      if (said.includes(NO_FILTER)) return 'failed';
      return receivedBytes(said) > this.#maxBytes ? 'too-long' : null;
    };
    // Always as a pack: objects one by one are held in memory, whatever their size.
    const done = await git.run(['-c', 'fetch.unpackLimit=1', ...args], { watch });
    if (done.ok) return null;
    const { why, message } = done.failure;
    if (why !== 'too-long') return { why, message, reached };
    return { why, message: `it sends more than ${this.#maxBytes} bytes`, reached };
  }
}

/** What git says when the remote does not leave anything out: then all would come once more. */
const NO_FILTER = 'filtering not recognized by server';
/** Git's own words on what arrives; those of the remote begin with `remote:`. */
const RECEIVING = /(?:^|[\r\n])(?:Receiving objects|remote: (?:Enumerating|Counting) objects)/;
const AMOUNT = /(?:^|[\r\n])Receiving objects:[^\r\n]*?, ([\d.]+) (bytes|KiB|MiB|GiB) \|/g;
const UNITS: Readonly<Record<string, number>> = { bytes: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** The last amount of bytes that a progress report names. */
function receivedBytes(said: string): number {
  const [, amount, unit] = [...said.matchAll(AMOUNT)].at(-1) ?? [];
  return amount === undefined ? 0 : Number(amount) * (UNITS[unit ?? ''] ?? 1);
}
