import type { Contradiction, Evidence } from '../model/source.ts';
import { mainTips } from './branch-tips.ts';
import { inDirectory, normalDirectory, type PackageClaims } from './directory.ts';
import { FULL_ID, type Ref, type Repository } from './repository.ts';
import { mentionsVersion, tagNames } from './tag-names.ts';

/** A repository that another version of the package names. */
export interface OtherRepository {
  readonly repository: string;
  readonly version: string;
}

/** What a package version says about where it comes from. Nothing of it is believed without a look. */
export interface SourceClaims extends PackageClaims {
  readonly version: string;
  /** As the document writes it; null when it has none. */
  readonly repository: string | null;
  /** Where to look when the stated repository is gone; the likeliest first. */
  readonly otherRepositories: readonly OtherRepository[];
  /** Commits that a provenance statement or the registry's document names, best first. */
  readonly commits: readonly { readonly commit: string; readonly evidence: Evidence }[];
}

/** A commit that may be the source, and why. */
export interface Candidate {
  readonly commit: string;
  readonly ref: string | null;
  readonly evidence: readonly Evidence[];
}

export interface Candidates {
  /** One per commit, best first. */
  readonly candidates: readonly Candidate[];
  /** Claimed ids that no branch and no tag of the repository holds. */
  readonly unheld: SourceClaims['commits'];
}

const MOST_LOOSE_TAGS = 5;
const LOOSE_TAG = 'similar-tag';
const VERSION_COMMIT = 'version-commit';
const MATCHING_FILES = 'matching-files';

/** The commits that claims and tags lead to. */
export async function claimedAndTagged(repository: Repository, claims: SourceClaims): Promise<Candidates> {
  const tags = await repository.tags();
  const claimed = await Promise.all(
    claims.commits
      .filter(({ commit }) => FULL_ID.test(commit))
      .map(async (claim) => ({ claim, known: await repository.commitOf(claim.commit) })),
  );
  const held = claimed.flatMap(({ claim, known }) => {
    const tag = tags.find((one) => one.commit === known);
    return known === null ? [] : [{ commit: known, ref: tag?.name ?? null, evidence: [claim.evidence] }];
  });
  return {
    candidates: merge([...held, ...taggedCommits(tags, claims)]),
    unheld: claimed.flatMap(({ claim, known }) => (known === null ? [claim] : [])),
  };
}

function taggedCommits(tags: readonly Ref[], claims: SourceClaims): readonly Candidate[] {
  const names = tagNames(claims.name, claims.version).map((name) => `refs/tags/${name}`);
  const exact = names.flatMap((name) => tags.filter((tag) => tag.name === name));
  const loose = looseTags({ tags, exact, version: claims.version });
  return [...exact, ...loose].map((tag) => ({
    commit: tag.commit,
    ref: tag.name,
    evidence: [
      {
        kind: loose.includes(tag) ? LOOSE_TAG : 'tag',
        detail: `${tag.name.replace('refs/tags/', 'tag ')} leads to this commit`,
      },
    ],
  }));
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

/** A tag with a suffix is another state of the same version by intention. */
export function isLoose(evidence: readonly Evidence[]): boolean {
  return evidence[0]?.kind === LOOSE_TAG;
}

/** A commit that nothing names: it only sets the version, or has the published files. */
export function isUnnamed(evidence: readonly Evidence[]): boolean {
  return isVersionCommit(evidence) || hasMatchingFiles(evidence);
}

/** A commit that nothing names: it only sets the version. */
export function isVersionCommit(evidence: readonly Evidence[]): boolean {
  return evidence[0]?.kind === VERSION_COMMIT;
}

/** A commit that nothing names: it only has files as they were published, which the named ones have otherwise. */
export function hasMatchingFiles(evidence: readonly Evidence[]): boolean {
  return evidence[0]?.kind === MATCHING_FILES;
}

/** The commit that a user names by its id, a tag or a branch. */
export async function namedCommit(repository: Repository, revision: string): Promise<Candidate | null> {
  for (const name of [revision, `refs/tags/${revision}`, `refs/heads/${revision}`]) {
    const commit = await repository.commitOf(name);
    if (commit === null) continue;
    const ref = name.startsWith('refs/') ? name : null;
    return { commit, ref, evidence: [{ kind: 'user', detail: 'named with --source' }] };
  }
  return null;
}

/** A rebase or a merge can leave the commit that sets a version behind more than once. */
const MOST_VERSION_COMMITS = 4;

/**
 * Commits at which the manifest came to state the version, the oldest first: what `npm version` and its like leave behind. One at
 * which it has another name counts where none has the package's: the root of a repository of many can lead their versions.
 *
 * @param directories where the package may lie, beside the stated directory and the root
 */
export async function versionCommits(
  repository: Repository,
  claims: SourceClaims,
  directories: readonly string[],
): Promise<readonly Candidate[]> {
  const { manifest } = claims;
  const stated = claims.directory === null ? null : normalDirectory(claims.directory);
  const places = [...new Set([...directories, ...(stated === null ? [] : [stated]), '.'])];
  const own: Candidate[] = [];
  const others: Candidate[] = [];
  for (const place of places) {
    const file = inDirectory(place, manifest.fileName);
    const expression = `${manifest.versionLine(claims.version)}|${manifest.nameLine(claims.name)}`;
    const commits = await repository.commitsThatChanged({ expression, file });
    for (const { commit } of commits.toReversed()) {
      const text = await repository.peekText(commit, file);
      const read = text === null ? null : manifest.read(text);
      if (read?.version !== claims.version) continue;
      const detail = `${file} states version ${claims.version} from this commit on`;
      const candidate = { commit, ref: null, evidence: [{ kind: VERSION_COMMIT, detail }] };
      (read.name === claims.name ? own : others).push(candidate);
      if (own.length === MOST_VERSION_COMMITS) return own;
    }
    if (own.length > 0) return own;
  }
  return others.slice(0, 1);
}

/** A release is made within days of its commit. */
const AROUND_MS = 30 * 24 * 3_600_000;
/** Some files may have been as published long before the others that a release makes anew. */
const MOST_FILES = 12;
const MOST_MATCHING = 12;

/**
 * Commits of the main branch around another one at which files came to be as they were published, the oldest first. What
 * somebody proposes on another branch is no release, however well it fits.
 *
 * @param near when the other one was committed, ISO 8601
 */
export async function matchingCommits(
  repository: Repository,
  contradictions: readonly Contradiction[],
  near: string,
): Promise<readonly Candidate[]> {
  const time = Date.parse(near);
  if (Number.isNaN(time)) return [];
  const around = { from: new Date(time - AROUND_MS), to: new Date(time + AROUND_MS) };
  const tips = await mainTips(repository);
  const found = new Map<string, Candidate>();
  for (const { file, blobId } of contradictions.slice(0, MOST_FILES)) {
    const commits = await repository.commitsWithBlob({ tips, blobId, file, ...around });
    const detail = `${file} is in this commit as it was published`;
    for (const commit of commits.toReversed())
      if (!found.has(commit))
        found.set(commit, { commit, ref: null, evidence: [{ kind: MATCHING_FILES, detail }] });
  }
  return [...found.values()].slice(0, MOST_MATCHING);
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
