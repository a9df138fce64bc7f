import { signal } from '../model/signals.ts';
import type { Evidence, Source } from '../model/source.ts';
import { cannot, found, type Outcome, type Signal } from '../model/verdict.ts';
import { directoryOf, inDirectory, type PackageClaims } from './directory.ts';
import type { Ref, Repository } from './git.ts';
import { openRepository } from './git.ts';
import { parseRepositoryUrl, type RepositoryUrl, remotesFor } from './repository-url.ts';
import { mentionsVersion, tagNames } from './tag-names.ts';

/** What a package version says about where it comes from. Nothing of it is believed without a look. */
export interface SourceClaims extends PackageClaims {
  readonly version: string;
  /** As the document writes it; null when it has none. */
  readonly repository: string | null;
  /** Commits that a provenance statement or the registry's document names, best first. */
  readonly commits: readonly { readonly commit: string; readonly evidence: Evidence }[];
}

/** A user's own word on the source, from `--source <url#commit>`. */
export interface SourceOverride {
  readonly repository: string;
  readonly commit: string | null;
}

export interface ResolvedSource {
  readonly repository: Repository;
  /** At least one, best first. */
  readonly candidates: readonly Source[];
  readonly signals: readonly Signal[];
}

interface Candidate {
  readonly commit: string;
  readonly ref: string | null;
  readonly evidence: readonly Evidence[];
}

const MOST_LOOSE_TAGS = 5;
const LOOSE_TAG = 'similar-tag';

/**
 * Finds the repository, the commits and the directory that a package version can come from.
 *
 * @param options.mirrors templates for where to fetch repositories from (see `remotesFor`)
 * @returns candidates in the order in which to try them, or why there are none
 */
export async function resolveSource(options: {
  claims: SourceClaims;
  override: SourceOverride | null;
  mirrors: readonly string[];
  cacheDir: string;
}): Promise<Outcome<ResolvedSource>> {
  const { claims, override } = options;
  const stated = override?.repository ?? claims.repository;
  if (stated === null) {
    const next = 'If you know the repository, name it with --source <url#commit>.';
    return cannot(
      'no-repository',
      `${claims.name}@${claims.version} names no repository in its document. ${next}`,
    );
  }
  const url = parseRepositoryUrl(stated);
  if (url === null) {
    const why = `The document's repository, ${JSON.stringify(stated)}, is not the URL of a repository on a host.`;
    return cannot('no-repository', `${why} If you know the right one, name it with --source <url#commit>.`);
  }
  const opened = await open(url, options);
  if (!opened.ok) return opened;
  const { repository, signals } = opened.value;
  const resolved = await candidatesIn({ repository, url, claims, override });
  if (!resolved.ok) return resolved;
  return found({ ...resolved.value, signals: [...signals, ...resolved.value.signals] });
}

async function open(
  url: RepositoryUrl,
  options: { claims: SourceClaims; mirrors: readonly string[]; cacheDir: string },
): Promise<Outcome<{ repository: Repository; signals: readonly Signal[] }>> {
  const { claims, cacheDir } = options;
  const remotes = remotesFor(url, options.mirrors);
  const wanted = {
    tag: (tag: string) => mentionsVersion(tag, claims.version),
    commits: claims.commits.map((one) => one.commit),
  };
  const opened = await openRepository({ cacheDir, key: url.url, remotes, wanted });
  if (opened.ok) return found({ repository: opened.repository, signals: partialSignals(opened.partial) });
  const said = opened.failures.map((failure) => `${failure.url}: ${failure.message}`).join('; ');
  const next =
    'It may be gone, private or unreachable from here; --git-mirror names another place to fetch from.';
  return cannot('repository-unreachable', `${url.url} could not be fetched (${said}). ${next}`);
}

function partialSignals(partial: string | null): readonly Signal[] {
  if (partial === null) return [];
  const message = `Only the tags and commits that name this version could be fetched (${partial}).`;
  return [signal('repository-incomplete', message)];
}

async function candidatesIn(context: {
  repository: Repository;
  url: RepositoryUrl;
  claims: SourceClaims;
  override: SourceOverride | null;
}): Promise<Outcome<ResolvedSource>> {
  const { repository, url, claims, override } = context;
  const commits = await candidateCommits(context);
  if (commits.length === 0) {
    const asked = override?.commit ?? null;
    const what =
      asked === null
        ? `${url.url} has no tag for ${claims.version}, and no commit that sets this version.`
        : `${url.url} has no commit, tag or branch ${JSON.stringify(asked)}.`;
    return cannot(
      'source-not-found',
      `${what} If you know the commit, name it with --source ${url.url}#<commit>.`,
    );
  }
  const located = await Promise.all(
    commits.map((candidate) => locate({ repository, url, claims, candidate })),
  );
  const sources = located.flatMap((one) => (one === null ? [] : [one]));
  if (sources.length === 0) {
    const where = commits.map((candidate) => candidate.ref ?? candidate.commit.slice(0, 12)).join(', ');
    const what = `No ${claims.manifest.fileName} named ${claims.name} in ${url.url} at ${where}.`;
    return cannot('source-mismatch', `${what} The package may claim a repository that is not its own.`);
  }
  const ordered = [...sources].sort((a, b) => Number(b.versionStated) - Number(a.versionStated));
  return found({
    repository,
    candidates: ordered.map((one) => one.source),
    signals: signalsOf(claims, ordered),
  });
}

async function candidateCommits(context: {
  repository: Repository;
  claims: SourceClaims;
  override: SourceOverride | null;
}): Promise<readonly Candidate[]> {
  const { repository, claims, override } = context;
  if (override?.commit != null) return overridden(repository, override.commit);
  const tags = await repository.tags();
  const claimed = await Promise.all(
    claims.commits.map(async ({ commit, evidence }) => {
      const known = await repository.commitOf(commit);
      const tag = tags.find((one) => one.commit === known);
      return known === null ? [] : [{ commit: known, ref: tag?.name ?? null, evidence: [evidence] }];
    }),
  );
  const names = tagNames(claims.name, claims.version).map((name) => `refs/tags/${name}`);
  const exact = names.flatMap((name) => tags.filter((tag) => tag.name === name));
  const loose = looseTags({ tags, exact, version: claims.version });
  const tagged = [...exact, ...loose].map((tag) => ({
    commit: tag.commit,
    ref: tag.name,
    evidence: [
      {
        kind: loose.includes(tag) ? LOOSE_TAG : 'tag',
        detail: `${tag.name.replace('refs/tags/', 'tag ')} leads to this commit`,
      },
    ],
  }));
  const candidates = merge([...claimed.flat(), ...tagged]);
  if (candidates.length > 0) return candidates;
  return versionCommit(repository, claims);
}

/**
 * Tags in no known form that hold the version. Beside a tag in a known form, one that only adds a suffix counts
 * (`4.18.1-npm` beside `4.18.1`); anything else may be the tag of another package of the same repository.
 */
function looseTags(options: {
  tags: readonly Ref[];
  exact: readonly Ref[];
  version: string;
}): readonly Ref[] {
  const { tags, exact, version } = options;
  const mentions = tags.filter((tag) => !exact.includes(tag) && mentionsVersion(tag.name, version));
  const suffixed = (tag: Ref) => tag.name.replace(/^refs\/tags\/v?/, '').startsWith(version);
  return (exact.length === 0 ? mentions : mentions.filter(suffixed)).slice(0, MOST_LOOSE_TAGS);
}

async function overridden(repository: Repository, revision: string): Promise<readonly Candidate[]> {
  const names = [revision, `refs/tags/${revision}`, `refs/heads/${revision}`];
  for (const name of names) {
    const commit = await repository.commitOf(name);
    if (commit === null) continue;
    const ref = name.startsWith('refs/') ? name : null;
    return [{ commit, ref, evidence: [{ kind: 'user', detail: 'named with --source' }] }];
  }
  return [];
}

/** The oldest commit at which the manifest states the version: what `npm version` and its like leave behind. */
async function versionCommit(repository: Repository, claims: SourceClaims): Promise<readonly Candidate[]> {
  const { manifest } = claims;
  const places = [...new Set([claims.directory, '.'].flatMap((one) => (one === null ? [] : [one])))];
  for (const place of places) {
    const file = inDirectory(place, manifest.fileName);
    const commits = await repository.commitsThatChanged({
      expression: manifest.versionLine(claims.version),
      file,
    });
    for (const { commit } of commits.toReversed()) {
      const text = await repository.readText(commit, file);
      if (text === null || manifest.read(text)?.version !== claims.version) continue;
      const detail = `${file} states version ${claims.version} from this commit on; no tag names it`;
      return [{ commit, ref: null, evidence: [{ kind: 'version-commit', detail }] }];
    }
  }
  return [];
}

/** One candidate per commit; evidence of the same commit is put together, the first order kept. */
function merge(candidates: readonly Candidate[]): readonly Candidate[] {
  const byCommit = new Map<string, Candidate>();
  for (const one of candidates) {
    const known = byCommit.get(one.commit);
    const merged = known && {
      ...known,
      ref: known.ref ?? one.ref,
      evidence: [...known.evidence, ...one.evidence],
    };
    byCommit.set(one.commit, merged ?? one);
  }
  return [...byCommit.values()];
}

interface Located {
  readonly source: Source;
  /** Whether the manifest at this commit states the very version. */
  readonly versionStated: boolean;
}

async function locate(context: {
  repository: Repository;
  url: RepositoryUrl;
  claims: SourceClaims;
  candidate: Candidate;
}): Promise<Located | null> {
  const { repository, url, claims, candidate } = context;
  const place = await directoryOf(repository, candidate.commit, claims);
  if (place === null) return null;
  const [tree, committedAt] = await Promise.all([
    repository.tree(candidate.commit),
    repository.committedAt(candidate.commit),
  ]);
  const source: Source = {
    repository: url.url,
    commit: candidate.commit,
    ref: candidate.ref,
    directory: place.directory,
    committedAt,
    evidence: [...candidate.evidence, place.evidence],
    tree,
  };
  return { source, versionStated: place.version === claims.version };
}

function signalsOf(claims: SourceClaims, located: readonly Located[]): readonly Signal[] {
  const signals: Signal[] = [];
  // A tag with a suffix is another state of the same version by intention.
  const firm = located.filter(({ source }) => source.evidence[0]?.kind !== LOOSE_TAG);
  if (firm.length > 1) {
    const all = firm.map(
      ({ source }) => `${source.commit.slice(0, 12)} (${source.evidence[0]?.detail ?? ''})`,
    );
    const message = `The evidence leads to ${firm.length} different commits: ${all.join('; ')}.`;
    signals.push(signal('source-evidence-disagrees', message));
  }
  if (!located.some((one) => one.versionStated)) {
    const message = `No candidate commit states version ${claims.version} in its ${claims.manifest.fileName}.`;
    signals.push(signal('version-not-in-source', message));
  }
  return signals;
}
