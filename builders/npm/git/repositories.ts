import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import semver from 'semver';
import { deadlineIn } from '../../../src/deadline.ts';
import { openCommit, openFrom } from '../../../src/source/open-repository.ts';
import { FULL_ID, type Repository } from '../../../src/source/repository.ts';
import { parseRepositoryUrl, type RepositoryUrl } from '../../../src/source/repository-url.ts';
import type { GitDependency } from './dependency.ts';

/** Milliseconds that one repository of a dependency may take. */
const LONGEST_MS = 120_000;
/** Bytes; larger than any package. */
const LARGEST = 512 * 1024 ** 2;
/** Branches that most repositories have for their default, in this order. */
const DEFAULT_BRANCHES = ['main', 'master'];
const ABBREVIATED = /^[0-9a-f]{7,39}$/;

/** A commit of a repository in which a dependency lies. */
export interface GitPlace {
  readonly repository: RepositoryUrl;
  /** Full id. */
  readonly commit: string;
}

/** What a place holds, as package managers take it. */
export interface GitPackage {
  /** A gzipped tar with everything below one folder. */
  readonly bytes: Uint8Array;
  /** Committer date, ISO 8601. */
  readonly committedAt: string;
}

/** The repositories of dependencies, fetched like the source: from the mirrors, then from where they are. */
export class GitRepositories {
  readonly #options: { readonly cacheDir: string; readonly mirrors: readonly string[] };
  readonly #opened = new Map<string, ReturnType<typeof openFrom>>();

  constructor(options: { readonly cacheDir: string; readonly mirrors: readonly string[] }) {
    this.#options = options;
  }

  /**
   * The commit that a dependency stood for at an instant.
   *
   * @param instant ISO 8601; counts for branches and ranges
   * @returns null when the repository or the commit cannot be had
   */
  async placeOf({ repository, committish }: GitDependency, instant: string): Promise<GitPlace | null> {
    const holder = await this.#holder(repository, committish ?? '');
    if (holder === null) return null;
    const commit = await commitFor(holder, committish, instant);
    return commit === null ? null : { repository, commit };
  }

  /** The text of a file at a place; null when there is none. */
  async readText(place: GitPlace, file: string): Promise<string | null> {
    const holder = await this.#holder(place.repository, place.commit);
    return holder === null ? null : holder.readText(place.commit, file);
  }

  /**
   * All files of a commit, submodules and what the mirror lacks left out.
   *
   * @param folder an existing one, for a temporary file
   * @returns null when the commit cannot be had
   */
  async pack(place: GitPlace, folder: string): Promise<GitPackage | null> {
    const { commit } = place;
    const holder = await this.#holder(place.repository, commit);
    if (holder === null) return null;
    const file = path.join(folder, `${commit}.tar`);
    const reason = await holder.archive({ commit, file, maxBytes: LARGEST, prefix: 'package/' });
    if (reason !== null) return null;
    // Stored: the same bytes whatever zlib is here.
    const bytes = gzipSync(await readFile(file), { level: 0 });
    await rm(file);
    return { bytes, committedAt: await holder.committedAt(commit) };
  }

  /** The repository, or a part of it with a commit that none of its branches and tags holds. */
  async #holder(url: RepositoryUrl, committish: string): Promise<Repository | null> {
    const opened = await this.#open(url);
    if (!opened.ok) return null;
    if (!FULL_ID.test(committish) || (await opened.repository.hasCommit(committish)))
      return opened.repository;
    const { cacheDir } = this.#options;
    const deadline = deadlineIn(LONGEST_MS);
    return openCommit({ cacheDir, key: url.url, remote: opened.remote, commit: committish, deadline });
  }

  #open(url: RepositoryUrl): ReturnType<typeof openFrom> {
    const opened =
      this.#opened.get(url.url) ?? openFrom(url, { ...this.#options, deadline: deadlineIn(LONGEST_MS) });
    this.#opened.set(url.url, opened);
    return opened;
  }
}

/** How a place is written in a plan and in the address that serves it. */
export function textOfPlace({ repository, commit }: GitPlace): string {
  return `${repository.host}/${repository.path}/${commit}`;
}

/** Reads `textOfPlace`; null for anything else. */
export function parsePlace(text: string): GitPlace | null {
  const slash = text.lastIndexOf('/');
  const commit = text.slice(slash + 1);
  const repository = FULL_ID.test(commit) ? parseRepositoryUrl(`https://${text.slice(0, slash)}`) : null;
  return repository === null ? null : { repository, commit };
}

async function commitFor(
  repository: Repository,
  committish: string | null,
  instant: string,
): Promise<string | null> {
  if (committish === null) return firstOf(DEFAULT_BRANCHES, (name) => onBranch(repository, name, instant));
  if (FULL_ID.test(committish)) return (await repository.hasCommit(committish)) ? committish : null;
  if (committish.startsWith('semver:'))
    return inRange(repository, committish.slice('semver:'.length), instant);
  const tagged = await repository.commitOf(`refs/tags/${committish}`);
  const held = tagged ?? (await onBranch(repository, committish, instant));
  return held ?? (ABBREVIATED.test(committish) ? repository.fullId(committish) : null);
}

function onBranch(repository: Repository, name: string, instant: string): Promise<string | null> {
  return repository.lastCommitBefore(`refs/heads/${name}`, instant);
}

/** The highest tag of a range among those whose commits are not younger than the instant. */
async function inRange(repository: Repository, range: string, instant: string): Promise<string | null> {
  const tags = (await repository.tags()).flatMap(({ name, commit }) => {
    const version = semver.parse(name.replace(/^refs\/tags\//, ''), { loose: true });
    return version !== null && semver.satisfies(version, range, { loose: true }) ? [{ version, commit }] : [];
  });
  const descending = tags.toSorted((a, b) => b.version.compare(a.version)).map(({ commit }) => commit);
  return firstOf(descending, async (commit) =>
    Date.parse(await repository.committedAt(commit)) <= Date.parse(instant) ? commit : null,
  );
}

async function firstOf(
  names: readonly string[],
  look: (name: string) => Promise<string | null>,
): Promise<string | null> {
  for (const name of names) {
    const found = await look(name);
    if (found !== null) return found;
  }
  return null;
}
