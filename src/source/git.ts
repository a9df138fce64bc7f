import { createHash } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { messageOf, ReproveError } from '../errors.ts';
import type { TreeFile } from '../model/source.ts';

/** A branch or tag and the commit that it leads to. */
export interface Ref {
  /** Full name, for example `refs/tags/v1.0.0`. */
  readonly name: string;
  readonly commit: string;
}

/** A commit found in the history. */
export interface CommitTime {
  readonly commit: string;
  /** Committer date, ISO 8601. */
  readonly committedAt: string;
}

/** No output for this long means that a remote hangs. Progress output counts as life. */
const SILENCE_MS = 120_000;
const LARGEST_TEXT = 8 * 1024 * 1024;

/**
 * What git may take from our environment: the way to the network and nothing else. No user or system configuration (a
 * credential helper, an alias or an `insteadOf` would be ours, not the repository's), no prompt, and only protocols
 * that run no program of the remote's choice (git-config(1), protocol.allow).
 */
function gitEnvironment(emptyHome: string): Record<string, string> {
  const passed = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']
    .concat(['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO'])
    .flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
  return {
    ...Object.fromEntries(passed),
    HOME: emptyHome,
    XDG_CONFIG_HOME: emptyHome,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'https:http:file',
    GIT_NO_REPLACE_OBJECTS: '1',
    LC_ALL: 'C',
  };
}

async function gitIn(directory: string, emptyHome: string): Promise<SimpleGit> {
  await mkdir(emptyHome, { recursive: true });
  const env = gitEnvironment(emptyHome);
  return simpleGit({
    baseDir: directory,
    allowEnvironment: Object.keys(env),
    timeout: { block: SILENCE_MS },
    completion: { onClose: true, onExit: false },
    maxConcurrentProcesses: 4,
  }).env(env);
}

const FULL_ID = /^[0-9a-f]{40}$/;

/** A bare copy of a repository in our cache. Every method reads; only `openRepository` brings anything in. */
export class Repository {
  readonly directory: string;
  readonly #git: SimpleGit;
  readonly #emptyHome: string;

  constructor(options: { directory: string; git: SimpleGit; emptyHome: string }) {
    this.directory = options.directory;
    this.#git = options.git;
    this.#emptyHome = options.emptyHome;
  }

  /** The commit that a full id or a full ref name leads to, or null. */
  async commitOf(revision: string): Promise<string | null> {
    if (!FULL_ID.test(revision) && !revision.startsWith('refs/')) return null;
    const id = await this.#read([
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ]);
    return id === null || !FULL_ID.test(id.trim()) ? null : id.trim();
  }

  /** Every tag with the commit it leads to; tags of trees and blobs are left out. */
  async tags(): Promise<readonly Ref[]> {
    const format = '--format=%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)';
    const listing = await this.#git.raw(['for-each-ref', format, 'refs/tags']);
    return listing.split('\n').flatMap((line) => {
      const [name, type, id, peeledType, peeledId] = line.split(' ');
      if (name === undefined || id === undefined) return [];
      if (type === 'commit') return [{ name, commit: id }];
      return peeledType === 'commit' && peeledId !== undefined ? [{ name, commit: peeledId }] : [];
    });
  }

  /** Committer date of a commit, ISO 8601. */
  async committedAt(commit: string): Promise<string> {
    return (await this.#git.raw(['show', '-s', '--format=%cI', '--end-of-options', commit])).trim();
  }

  /** Every file of a commit. */
  async tree(commit: string): Promise<readonly TreeFile[]> {
    const listing = await this.#git.raw(['ls-tree', '-r', '-z', '--full-tree', commit]);
    return listing.split('\0').flatMap((record) => {
      const match = /^(\d{6}) (?:blob|commit) ([0-9a-f]{40})\t(.+)$/s.exec(record);
      if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return [];
      return [{ mode: match[1], blobId: match[2], path: match[3] }];
    });
  }

  /** The text of a file at a commit; null when there is none, or when it is larger than 8 MiB. */
  async readText(commit: string, file: string): Promise<string | null> {
    const size = await this.#read(['cat-file', '-s', `${commit}:${file}`]);
    if (size === null || Number(size) > LARGEST_TEXT) return null;
    return this.#read(['cat-file', 'blob', `${commit}:${file}`]);
  }

  /** Paths of the files called `fileName`, in any directory, with a line that matches the POSIX extended expression. */
  async grep(options: { commit: string; expression: string; fileName: string }): Promise<readonly string[]> {
    const specs = [options.fileName, `:(glob)**/${options.fileName}`];
    const args = ['grep', '-l', '-z', '-E', '-e', options.expression, options.commit, '--', ...specs];
    const hits = await this.#read(args);
    return (hits ?? '').split('\0').flatMap((hit) => {
      const colon = hit.indexOf(':');
      return colon < 0 ? [] : [hit.slice(colon + 1)];
    });
  }

  /** Commits of any ref, newest first, that changed a line of `file` matching the expression; 50 at most. */
  async commitsThatChanged(options: { expression: string; file: string }): Promise<readonly CommitTime[]> {
    const args = ['log', '--all', '-50', '--format=%H %cI', '--extended-regexp', `-G${options.expression}`];
    const listing = await this.#git.raw([...args, '--', options.file]);
    return listing.split('\n').flatMap((line) => {
      const [commit, committedAt] = line.split(' ');
      return commit === undefined || committedAt === undefined ? [] : [{ commit, committedAt }];
    });
  }

  /**
   * Writes the files of a commit as a tar, as a checkout would have them (line endings by .gitattributes), with
   * nothing left out by `export-ignore` and no filter program run (see `ATTRIBUTES`). Modes are those of a checkout
   * under umask 022; git's own default for archives is 002, and old packers copy what they see.
   */
  async archive(commit: string, file: string): Promise<void> {
    await this.#git.raw(['-c', 'tar.umask=0022', 'archive', '--format=tar', '-o', file, commit]);
  }

  /**
   * Makes a `.git` with this one commit in `directory`, for builds that ask git where they are. `ref` is kept when
   * it is a tag; `origin` is what `git remote` will say.
   */
  async shallowClone(options: {
    commit: string;
    ref: string | null;
    origin: string;
    directory: string;
  }): Promise<void> {
    const git = await gitIn(options.directory, this.#emptyHome);
    await git.raw(['init', '-q']);
    const target = options.ref?.startsWith('refs/tags/') === true ? options.ref : 'refs/heads/source';
    const from = options.ref?.startsWith('refs/tags/') === true ? options.ref : options.commit;
    await git.raw(['fetch', '-q', '--depth=1', '--no-tags', `file://${this.directory}`, `${from}:${target}`]);
    await git.raw(['update-ref', '--no-deref', 'HEAD', options.commit]);
    await git.raw(['remote', 'add', 'origin', options.origin]);
  }

  /** Output of a command that may fail because the thing asked for does not exist. */
  async #read(args: string[]): Promise<string | null> {
    try {
      return await this.#git.raw(args);
    } catch (error) {
      const text = messageOf(error);
      const absent =
        /does not exist|exists on disk, but not in|Not a valid object name|bad revision|unable to resolve/;
      if (text.trim() === '' || absent.test(text)) return null;
      throw gitFailure(text, error);
    }
  }
}

/**
 * Makes `git archive` tell the truth about a commit: `info/attributes` outranks every .gitattributes of the tree
 * (gitattributes(5)), so nothing is left out, substituted or sent through a filter program.
 */
const ATTRIBUTES = '* -export-ignore -export-subst -filter -ident\n';

/** What became of one remote. */
export interface RemoteFailure {
  readonly url: string;
  readonly message: string;
}

/**
 * Opens the cached bare copy of a repository and brings it up to date from the first remote that answers. A remote
 * that cannot give everything (one damaged object anywhere in its history is enough) is asked for the wanted tags and
 * commits alone, without history.
 *
 * @param options.key what names the repository in the cache: its canonical URL
 * @param options.remotes URLs or paths to try, in order
 * @param options.wanted what would do if not everything can be had
 * @returns the repository (`partial` says why it is not whole, else null), or what each remote said
 */
export async function openRepository(options: {
  cacheDir: string;
  key: string;
  remotes: readonly string[];
  wanted?: Wanted;
}): Promise<
  | { ok: true; repository: Repository; partial: string | null }
  | { ok: false; failures: readonly RemoteFailure[] }
> {
  const name = createHash('sha256').update(options.key).digest('hex').slice(0, 32);
  const directory = path.join(options.cacheDir, 'git', `${name}.git`);
  const emptyHome = path.join(options.cacheDir, 'git', 'empty-home');
  const isNew = !(await exists(path.join(directory, 'info', 'attributes')));
  await mkdir(directory, { recursive: true });
  const git = await gitIn(directory, emptyHome);
  if (isNew) await initialise(git, directory);
  const failures: RemoteFailure[] = [];
  for (const remote of options.remotes) {
    const failure = await fetchFrom(git, remote, ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']);
    const repository = new Repository({ directory, git, emptyHome });
    if (failure === null) return { ok: true, repository, partial: null };
    if (options.wanted !== undefined && (await fetchWanted(git, remote, options.wanted))) {
      return { ok: true, repository, partial: `${remote}: ${failure}` };
    }
    failures.push({ url: remote, message: failure });
  }
  return { ok: false, failures };
}

/** What of a repository matters when it cannot be had whole. */
export interface Wanted {
  /** @param tag name without `refs/tags/` */
  tag(tag: string): boolean;
  readonly commits: readonly string[];
}

const MOST_WANTED = 20;

/** Fetches the wanted tags and commits one by one, each without history; true when at least one came. */
async function fetchWanted(git: SimpleGit, remote: string, wanted: Wanted): Promise<boolean> {
  const listing = await git
    .raw(['ls-remote', '--tags', '--refs', '--end-of-options', remote])
    .catch(() => '');
  const tags = listing.split('\n').flatMap((line) => {
    const ref = line.split('\t')[1] ?? '';
    return wanted.tag(ref.replace('refs/tags/', '')) ? [`+${ref}:${ref}`] : [];
  });
  const commits = wanted.commits.filter((id) => FULL_ID.test(id)).map((id) => `${id}:refs/reprove/${id}`);
  const results: boolean[] = [];
  for (const spec of [...tags, ...commits].slice(0, MOST_WANTED)) {
    results.push((await fetchFrom(git, remote, [spec], ['--depth=1'])) === null);
  }
  return results.includes(true);
}

async function initialise(git: SimpleGit, directory: string): Promise<void> {
  try {
    await git.raw(['init', '-q', '--bare']);
  } catch (error) {
    throw gitFailure(messageOf(error), error);
  }
  await git.raw(['config', 'gc.auto', '0']);
  // Lets shallowClone ask for a commit that no ref names.
  await git.raw(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  await mkdir(path.join(directory, 'info'), { recursive: true });
  await writeFile(path.join(directory, 'info', 'attributes'), ATTRIBUTES);
}

/** Fetches refs; null when it worked, else what git said. Tags that moved are followed. */
async function fetchFrom(
  git: SimpleGit,
  remote: string,
  refs: readonly string[],
  depth: readonly string[] = ['--prune'],
): Promise<string | null> {
  const flags = ['--no-tags', '--progress', '--no-auto-maintenance', '--no-recurse-submodules', ...depth];
  try {
    await git.raw(['fetch', ...flags, '--no-write-fetch-head', '--end-of-options', remote, ...refs]);
    return null;
  } catch (error) {
    const lines = messageOf(error).split(/[\r\n]+/);
    const telling = lines.find((line) => /^(remote: )?(fatal|error):/.test(line));
    return (telling ?? lines.find((line) => line.trim() !== '') ?? 'git fetch failed').trim();
  }
}

function gitFailure(text: string, cause: unknown): ReproveError {
  return new ReproveError(
    'git-unavailable',
    {
      what: 'git failed while reading a repository in the cache.',
      why: text.trim().split('\n').slice(0, 3).join(' '),
      next: 'Check that git 2.31 or newer is on the PATH; if the cache is damaged, remove its "git" folder.',
    },
    { cause },
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
