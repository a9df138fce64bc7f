import type { Source } from '../model/source.ts';
import { cannot, found, type Outcome, type Reason } from '../model/verdict.ts';
import type { Candidate, SourceClaims } from './candidates.ts';
import { directoryOf } from './directory.ts';
import { withPointers } from './outside-commit.ts';
import type { Repository } from './repository.ts';
import type { RepositoryUrl } from './repository-url.ts';

export interface Located {
  readonly source: Source;
  /** What the manifest at this commit states. */
  readonly version: string | null;
}

export interface LocatedAll {
  readonly tried: readonly Candidate[];
  readonly sources: readonly Located[];
  /** Why some candidates could not be read. */
  readonly reasons: readonly Reason[];
}

export interface LocateContext {
  readonly repository: Repository;
  readonly url: RepositoryUrl;
  readonly claims: SourceClaims;
}

/** Where the package lies at each commit that has it. */
export async function locateAll(context: LocateContext, tried: readonly Candidate[]): Promise<LocatedAll> {
  const sources: Located[] = [];
  const reasons: Reason[] = [];
  for (const candidate of tried) {
    const located = await locate(context, candidate);
    if (!located.ok) reasons.push(located.reason);
    else if (located.value !== null) sources.push(located.value);
  }
  return { tried, sources, reasons };
}

/** The directory and files of a candidate; null when no manifest of it has the name. */
export async function locate(context: LocateContext, candidate: Candidate): Promise<Outcome<Located | null>> {
  const { repository, url, claims } = context;
  const { commit, ref, evidence } = candidate;
  // First, as it is what refuses a tree that unfolds to more than can be looked through.
  const tree = await repository.tree(commit);
  if (!tree.ok) return tree;
  const place = await directoryOf(repository, commit, claims);
  if (place === null) return withoutManifest(context, tree.value);
  const source: Source = {
    repository: url.url,
    commit,
    ref,
    directory: place.directory,
    committedAt: await repository.committedAt(commit),
    evidence: [...evidence, place.evidence],
    tree: await withPointers(repository, commit, tree.value),
  };
  return found({ source, version: place.version });
}

/** Nothing, unless a manifest that could not be read may be the one. */
function withoutManifest({ url, claims }: LocateContext, tree: Source['tree']): Outcome<null> {
  const unread = tree.find(
    ({ path, missing }) => missing && `/${path}`.endsWith(`/${claims.manifest.fileName}`),
  );
  if (unread === undefined) return found(null);
  const message = `The mirror of ${url.url} does not have the content of ${unread.path}. Name one that has it with --git-mirror.`;
  return cannot('repository-unreachable', message);
}
