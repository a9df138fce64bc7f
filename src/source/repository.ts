import type { TreeFile } from '../model/source.ts';
import { cannot, found, type Outcome, type Reason } from '../model/verdict.ts';
import { cloneCommit, type CloneRequest } from './clone.ts';
import type { CommitStore } from './commit-store.ts';
import { type Git, type GitFailure, type GitOutput, gitUnavailable, reasonOf } from './git.ts';
import { missingFiles } from './missing-files.ts';
import { type RawObject, rawObjects } from './raw-objects.ts';
import { LARGEST_TEXT, TextReader } from './text-reader.ts';

/** A branch or tag and the commit that it leads to. */
export interface Ref {
  /** Full name, for example `refs/tags/v1.0.0`. */
  readonly name: string;
  readonly commit: string;
}

/** A tag with what it names itself. */
export interface TagRef extends Ref {
  /** The id of the annotated tag, or of the commit where there is none. */
  readonly object: string;
  /** When an annotated tag was made, as it says, ISO 8601; null for one that says nothing. */
  readonly taggedAt: string | null;
}

/** A commit found in the history. */
export interface CommitTime {
  readonly commit: string;
  /** Committer date, ISO 8601. */
  readonly committedAt: string;
}

/** Longest path that Linux takes (PATH_MAX). */
const LONGEST_PATH = 4096;
const TAR_BLOCK = 512;
/** More files than these are not left out one by one. */
const MOST_MISSING = 1000;

export const FULL_ID = /^[0-9a-f]{40}$/;
/** A full ref name and nothing that git would read as an expression (git-check-ref-format(1)). */
const REF_NAME = /^refs\/(?!.*(?:\.\.|@\{))[^\0-\x20\x7f~^:?*[\\]{1,1000}$/;

type StoreOf = (commit: string) => Promise<Outcome<CommitStore>>;

/** A bare copy of a repository in our cache. Every method reads; only `openRepository` brings anything in. */
export class Repository {
  readonly directory: string;
  readonly #git: Git;
  readonly #storeOf: StoreOf;
  #tags: Promise<readonly TagRef[]> | null = null;
  readonly #stores = new Map<string, ReturnType<StoreOf>>();
  /** The files of commits that were listed, by path, and who reads them. */
  readonly #listed = new Map<string, { files: ReadonlyMap<string, TreeFile>; reader: TextReader }>();

  /** @param options.storeOf where the files of a commit are; in the copy itself when it is left out */
  constructor(options: { directory: string; git: Git; storeOf?: StoreOf }) {
    const { directory, git } = options;
    this.directory = directory;
    this.#git = git;
    const own: CommitStore = { kind: 'copy', directory, git, missing: new Set() };
    this.#storeOf = options.storeOf ?? (() => Promise.resolve(found(own)));
  }

  #store(commit: string): ReturnType<StoreOf> {
    const store = this.#stores.get(commit) ?? this.#storeOf(commit);
    this.#stores.set(commit, store);
    return store;
  }

  /** Whether the copy has a commit, held by a branch or tag or not. */
  async hasCommit(commit: string): Promise<boolean> {
    const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`];
    return (await this.#read(asked)).trim() === commit;
  }

  /**
   * The commit that a full id or a full ref name leads to, if a branch or tag holds it; else null. That the object is
   * there is not enough: hosts hand out the commits of every fork under every fork's name, and what an earlier run
   * brought stays until it is collected.
   */
  async commitOf(revision: string): Promise<string | null> {
    if (!FULL_ID.test(revision) && !REF_NAME.test(revision)) return null;
    const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
    const id = (await this.#read(asked)).trim();
    return FULL_ID.test(id) && (await this.#isHeld(id)) ? id : null;
  }

  async #isHeld(commit: string): Promise<boolean> {
    const beyond = await this.#git.run(['rev-list', '-1', commit, '--not', '--branches', '--tags']);
    if (!beyond.ok) return false;
    if (beyond.text.trim() === '') return true;
    // The walk goes by dates and may stop early where they are wrong; this one is slow and sure.
    const holding = ['for-each-ref', '--count=1', '--contains', commit, 'refs/heads', 'refs/tags'];
    return (await this.#read(holding)).trim() !== '';
  }

  /**
   * The newest commit of a branch (its full ref name) that was committed at an instant (ISO 8601) or before; null for no
   * such branch or none so old.
   */
  async lastCommitBefore(branch: string, instant: string): Promise<string | null> {
    if (!REF_NAME.test(branch)) return null;
    const walk = ['rev-list', '-1', '--first-parent', `--before=${instant}`, '--end-of-options', branch];
    const id = (await this.#read(walk)).trim();
    return FULL_ID.test(id) ? id : null;
  }

  /** The full id of the only commit whose id begins so; null for none or several. */
  async fullId(beginning: string): Promise<string | null> {
    if (!/^[0-9a-f]{4,40}$/.test(beginning)) return null;
    const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${beginning}^{commit}`];
    const id = (await this.#read(asked)).trim();
    return FULL_ID.test(id) ? id : null;
  }

  /** Every tag with the commit it leads to; tags of trees and blobs, or with a name that is no text, are left out. */
  tags(): Promise<readonly TagRef[]> {
    this.#tags ??= this.#listTags();
    return this.#tags;
  }

  async #listTags(): Promise<readonly TagRef[]> {
    const format =
      '--format=%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname) %(taggerdate:iso-strict)';
    const listing = await this.#read(['for-each-ref', format, 'refs/tags']);
    return listing.split('\n').flatMap((line) => {
      const [name, type, object, peeledType, peeled, date = ''] = line.split(' ');
      if (name === undefined || object === undefined || name.includes('\ufffd')) return [];
      if (type === 'commit') return [{ name, commit: object, object, taggedAt: null }];
      if (peeledType !== 'commit' || peeled === undefined) return [];
      return [{ name, commit: peeled, object, taggedAt: Number.isNaN(Date.parse(date)) ? null : date }];
    });
  }

  /** The names of the tags on a commit and on those before it, without `refs/tags/`. */
  async tagsBefore(commit: string): Promise<readonly string[]> {
    if (!FULL_ID.test(commit)) return [];
    const listing = await this.#read([
      'for-each-ref',
      `--merged=${commit}`,
      '--format=%(refname)',
      'refs/tags',
    ]);
    return listing.split('\n').flatMap((name) => (name === '' ? [] : [name.slice('refs/tags/'.length)]));
  }

  /** The full name of the branch with the newest commit, by the dates that commits state; null without branches. */
  async newestBranch(): Promise<string | null> {
    const args = ['for-each-ref', '--sort=-committerdate', '--count=1', '--format=%(refname)', 'refs/heads'];
    return (await this.#read(args)).trim() || null;
  }

  /** Commits and annotated tags as git stores them, by their full ids; those that cannot be read are left out. */
  rawObjects(ids: readonly string[]): Promise<ReadonlyMap<string, RawObject>> {
    return rawObjects(this.#git, ids);
  }

  /** Committer date of a commit, ISO 8601; whatever git prints when the commit has none that can be read. */
  async committedAt(commit: string): Promise<string> {
    const store = await this.#store(commit);
    if (!store.ok) return '';
    const shown = await store.value.git.run(['show', '-s', '--format=%cI', '--end-of-options', commit]);
    return shown.ok ? shown.text.trim() : '';
  }

  /** The id of a commit's tree; null when git does not know the commit. */
  async treeOf(commit: string): Promise<string | null> {
    const store = await this.#store(commit);
    if (!store.ok) return null;
    const shown = await store.value.git.run(['show', '-s', '--format=%T', '--end-of-options', commit]);
    const id = shown.ok ? shown.text.trim() : '';
    return FULL_ID.test(id) ? id : null;
  }

  /** The id of what a full ref name names itself: of an annotated tag's own object, not its commit's. Null for no such ref. */
  async objectOf(ref: string): Promise<string | null> {
    if (!REF_NAME.test(ref)) return null;
    const id = (await this.#read(['rev-parse', '--verify', '--quiet', '--end-of-options', ref])).trim();
    return FULL_ID.test(id) ? id : null;
  }

  /** Every file of a commit; a reason when it has names that no checkout can have, or more than can be listed. */
  async tree(commit: string): Promise<Outcome<readonly TreeFile[]>> {
    const store = await this.#store(commit);
    if (!store.ok) return store;
    const { git, missing } = store.value;
    const listing = await git.run(['ls-tree', '-r', '-z', '--full-tree', commit]);
    const what = `The files of commit ${commit.slice(0, 12)} cannot be listed`;
    if (!listing.ok) return { ok: false, reason: unlisted(listing.failure, what, store.value) };
    const files = listing.text.split('\0').flatMap((record) => {
      const match = /^(\d{6}) (?:blob|commit) ([0-9a-f]{40})\t(.+)$/s.exec(record);
      if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return [];
      const file = { mode: match[1], blobId: match[2], path: match[3] };
      return [missing.has(file.blobId) ? { ...file, missing: true as const } : file];
    });
    const bad = files.find((file) => file.path.split('/').some(isForbidden));
    if (bad !== undefined)
      return cannot('unsupported', `${what}: ${JSON.stringify(bad.path)} is no name that git checks out.`);
    const byPath = new Map(files.map((file) => [file.path, file]));
    this.#listed.set(commit, { files: byPath, reader: new TextReader(git) });
    return found(files);
  }

  /**
   * The text of a file at a commit; null when there is no such regular file, or when it is larger than 8 MiB. After
   * `tree`, those that are asked for in the same moment cost as much as one.
   */
  async readText(commit: string, file: string): Promise<string | null> {
    const listed = this.#listed.get(commit);
    if (listed !== undefined) {
      const known = listed.files.get(file);
      return known?.mode.startsWith('100') === true ? listed.reader.read(known.blobId) : null;
    }
    const store = await this.#store(commit);
    return store.ok ? this.#readFrom(store.value.git, commit, file) : null;
  }

  /**
   * The same for a look through the history: of a copy that borrows its objects, this one is not checked. Whoever goes by
   * it reads again.
   */
  async peekText(commit: string, file: string): Promise<string | null> {
    return this.#readFrom(this.#git, commit, file);
  }

  async #readFrom(git: Git, commit: string, file: string): Promise<string | null> {
    if (file.includes('\0') || file.length > LONGEST_PATH) return null;
    const args = ['--literal-pathspecs', 'ls-tree', '-l', '-z', '--full-tree', commit, '--', file];
    const [, id, size, name] =
      /^100\d{3} blob ([0-9a-f]{40}) +(\d+)\t([^\0]*)\0$/.exec(textOf(await git.run(args))) ?? [];
    if (id === undefined || name !== file || Number(size) > LARGEST_TEXT) return null;
    const blob = await git.run(['cat-file', 'blob', id]);
    if (blob.ok) return blob.text;
    if (blob.failure.why === 'failed') throw gitUnavailable(blob.failure.message);
    return null;
  }

  /**
   * Paths of the files called `fileName`, in any directory, with a line that matches the POSIX extended expression; of
   * any file for null.
   */
  async grep(options: {
    commit: string;
    expression: string;
    fileName: string | null;
  }): Promise<readonly string[]> {
    const { fileName } = options;
    const specs = fileName === null ? [] : [fileName, `:(glob)**/${fileName}`];
    const args = ['grep', '-l', '-z', '-E', '-e', options.expression, options.commit, '--', ...specs];
    const store = await this.#store(options.commit);
    if (!store.ok) return [];
    return textOf(await store.value.git.run(args))
      .split('\0')
      .flatMap((hit) => {
        const colon = hit.indexOf(':');
        return colon < 0 ? [] : [hit.slice(colon + 1)];
      });
  }

  /** Commits of branches and tags, newest first, that changed a line of `file` matching the expression; 50 at most. */
  async commitsThatChanged(options: { expression: string; file: string }): Promise<readonly CommitTime[]> {
    if (options.file.includes('\0') || options.file.length > LONGEST_PATH) return [];
    return this.#log(
      ['--branches', '--tags', '-50', '--extended-regexp', `-G${options.expression}`],
      options.file,
    );
  }

  /** Those of a commit and the ones before it that changed a file, newest first; 30 at most. */
  async changesBefore(commit: string, file: string): Promise<readonly CommitTime[]> {
    if (!FULL_ID.test(commit) || file.includes('\0') || file.length > LONGEST_PATH) return [];
    return this.#log([commit, '-30'], file);
  }

  async #log(which: readonly string[], file: string): Promise<readonly CommitTime[]> {
    const listed = await this.#read(['--literal-pathspecs', 'log', '--format=%H %cI', ...which, '--', file]);
    return listed.split('\n').flatMap((line) => {
      const [commit, committedAt] = line.split(' ');
      return commit === undefined || committedAt === undefined ? [] : [{ commit, committedAt }];
    });
  }

  /**
   * Commits of some time that put a file with these bytes at a path, or took it away, merges against each of their parents, newest
   * first; 20 at most.
   *
   * @param options.tips full ids of the commits from which to walk back
   */
  async commitsWithBlob(options: {
    readonly tips: readonly string[];
    readonly blobId: string;
    readonly file: string;
    readonly from: Date;
    readonly to: Date;
  }): Promise<readonly string[]> {
    const { tips, blobId, file, from, to } = options;
    if (tips.length === 0 || ![...tips, blobId].every((id) => FULL_ID.test(id))) return [];
    if (file.includes('\0') || file.length > LONGEST_PATH) return [];
    const walk = ['--literal-pathspecs', 'log', ...tips, '-20', '--format=%H', '--no-renames'];
    const times = [`--since=${from.toISOString()}`, `--until=${to.toISOString()}`];
    const merges = ['-m', '--full-history'];
    const listed = await this.#read([...walk, ...merges, ...times, `--find-object=${blobId}`, '--', file]);
    return [...new Set(listed.split('\n').filter((line) => FULL_ID.test(line)))];
  }

  /**
   * Writes the files of a commit as a tar, as a checkout would have them (line endings by .gitattributes), with
   * nothing left out by `export-ignore` and no filter program run (see `ATTRIBUTES`). Modes are those of a checkout
   * under umask 022; git's own default for archives is 002, and old packers copy what they see.
   *
   * Files that the repository does not have are left out (`TreeFile.missing`).
   *
   * @param options.maxBytes of all files together; nothing is written for more
   * @param options.prefix a folder for everything, with its final slash; default: none
   * @returns why there is no such file; null when there is
   */
  async archive(options: {
    commit: string;
    file: string;
    maxBytes: number;
    prefix?: string;
  }): Promise<Reason | null> {
    const { commit, file, maxBytes, prefix = '' } = options;
    const what = `The files of commit ${commit.slice(0, 12)} cannot be written`;
    const store = await this.#store(commit);
    if (!store.ok) return store.reason;
    const { git } = store.value;
    const listing = await git.run(['ls-tree', '-r', '-l', '-z', '--full-tree', commit]);
    if (!listing.ok) return unlisted(listing.failure, what, store.value);
    if (unpackedSize(listing.text) > maxBytes) {
      const message = `${what}: together they are larger than the sandbox's disk of ${maxBytes} bytes.`;
      return { code: 'resource-limit', message };
    }
    const missing = missingPaths(listing.text, store.value);
    if (missing.length > MOST_MISSING) return tooMuchMissing(what, missing.length);
    const left = missing.map((one) => `:(exclude,literal)${one}`);
    const how = ['-v', '--format=tar', `--prefix=${prefix}`, '-o', file];
    const args = ['-c', 'tar.umask=0022', 'archive', ...how, commit, '--', ...left];
    const written = await git.run(args);
    return written.ok ? null : reasonOf(written.failure, what);
  }

  /**
   * Makes a `.git` with this one commit in `directory`, for builds that ask git where they are. Files that the
   * repository does not have are marked as not checked out.
   *
   * @returns why there is none; null when there is
   */
  async shallowClone(options: CloneRequest): Promise<Reason | null> {
    const store = await this.#store(options.commit);
    if (!store.ok) return store.reason;
    const tree = store.value.missing.size === 0 ? found([]) : await this.tree(options.commit);
    if (!tree.ok) return tree.reason;
    const missing = missingFiles(tree.value);
    return cloneCommit(options, { history: this.#git, store: store.value, missing });
  }

  /** Output of a command that may fail because the thing asked for does not exist; then it is empty. */
  async #read(args: readonly string[]): Promise<string> {
    return textOf(await this.#git.run(args));
  }
}

function textOf(output: GitOutput): string {
  return output.ok ? output.text : '';
}

/** A directory that is missing is a fault of the mirror, whatever git makes of it. */
function unlisted(failure: GitFailure, what: string, { missing }: CommitStore): Reason {
  const reason = reasonOf(failure, what);
  if (failure.why !== 'failed' || missing.size === 0) return reason;
  return { code: 'repository-unreachable', message: `${reason.message} The mirror does not have all of it.` };
}

function tooMuchMissing(what: string, count: number): Reason {
  const message = `${what}: ${count} of them are not in the mirror. Name one that has them with --git-mirror.`;
  return { code: 'repository-unreachable', message };
}

function missingPaths(listing: string, { missing }: CommitStore): readonly string[] {
  if (missing.size === 0) return [];
  return listing.split('\0').flatMap((record) => {
    const [, id, file] = /^\d{6} blob ([0-9a-f]{40}) +\S+\t(.+)$/s.exec(record) ?? [];
    return id !== undefined && file !== undefined && missing.has(id) ? [file] : [];
  });
}

/** What git refuses to check out, as it would leave the folder or write into the repository itself. */
function isForbidden(component: string): boolean {
  return ['', '.', '..', '.git'].includes(component.toLowerCase());
}

/** Bytes of a tar of these files: a header each, and content in whole blocks (POSIX ustar). */
function unpackedSize(listing: string): number {
  let sum = 0;
  for (const [, size] of listing.matchAll(/(?:^|\0)\d{6} blob [0-9a-f]{40} +(\d+)\t/g)) {
    sum += TAR_BLOCK + Math.ceil(Number(size) / TAR_BLOCK) * TAR_BLOCK;
  }
  return sum;
}
