import type { Deadline } from '../deadline.ts';
import { signal } from '../model/signals.ts';
import type { Contradiction, Source } from '../model/source.ts';
import { cannot, found, type Outcome, type Reason, type Signal } from '../model/verdict.ts';
import { directoriesNow } from './branch-tips.ts';
import {
  claimedAndTagged,
  isUnnamed,
  matchingCommits,
  namedCommit,
  type SourceClaims,
  versionCommits,
} from './candidates.ts';
import { locateAll, type Located, type LocatedAll } from './locate.ts';
import { openCommit, openFrom } from './open-repository.ts';
import type { Repository } from './repository.ts';
import { asMoved, placesToTry } from './moved.ts';
import { withTags } from './release-tag.ts';
import { evidenceSignals } from './evidence-signals.ts';
import { isNeighbours, isPlaceholder } from './neighbour.ts';
import { ghostSignals } from './unheld.ts';
import { unknownName, unknownNameSignals } from './unknown-name.ts';
import { parseRepositoryUrl, type RepositoryUrl } from './repository-url.ts';
import { mentionsVersion } from './tag-names.ts';

export type { OtherRepository, SourceClaims } from './candidates.ts';

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

export interface ResolveOptions {
  readonly claims: SourceClaims;
  readonly override: SourceOverride | null;
  /** Templates for where to fetch repositories from (see `remotesFor`). */
  readonly mirrors: readonly string[];
  readonly cacheDir: string;
  readonly deadline: Deadline;
  /** The files of a source that were published with other bytes; see `contradictedByCommit`. */
  readonly contradictions: (source: Source) => readonly Contradiction[];
}

/**
 * Finds the repository, the commits and the directory that a package version can come from.
 *
 * @returns candidates in the order in which to try them, or why there are none
 */
export async function resolveSource(options: ResolveOptions): Promise<Outcome<ResolvedSource>> {
  return resolveWith(options, (context) => {
    const commit = options.override?.commit ?? null;
    return commit === null ? resolveClaimed(context) : resolveNamed({ ...context, commit });
  });
}

type Choose = (context: Context) => Promise<Outcome<ResolvedSource>>;

/** Fetches the repository that is stated and lets `choose` look for candidates in it. */
export async function resolveWith(options: ResolveOptions, choose: Choose): Promise<Outcome<ResolvedSource>> {
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
    const shown = JSON.stringify(stated.length > 200 ? `${stated.slice(0, 200)}...` : stated);
    const why = `The document's repository, ${shown}, is not the URL of a repository on a host.`;
    return cannot('no-repository', `${why} If you know the right one, name it with --source <url#commit>.`);
  }
  const resolved = await resolveAt(url, options, choose);
  const moved = resolved.ok ? null : await resolveMoved({ url, reason: resolved.reason }, options, choose);
  // What was read while the time ran out may be half of it.
  return options.deadline.leftMs() > 0 ? (moved ?? resolved) : outOfTime(url);
}

/**
 * The source in a repository that another version names; null when it is in none of them. Never asked while the stated
 * repository has a source, and never for a repository that the user names.
 */
async function resolveMoved(
  stated: { readonly url: RepositoryUrl; readonly reason: Reason },
  options: ResolveOptions,
  choose: Choose,
): Promise<Outcome<ResolvedSource> | null> {
  const { claims, override, deadline } = options;
  if (override !== null) return null;
  for (const place of placesToTry({ ...stated, claims })) {
    if (deadline.leftMs() <= 0) return null;
    const resolved = await resolveAt(place.url, options, choose);
    if (resolved.ok) return found(asMoved(resolved.value, { ...stated, claims, place }));
  }
  return null;
}

function outOfTime(url: RepositoryUrl): Outcome<never> {
  const message = `The time of --timeout was over before ${url.url} was fetched and read. Allow more.`;
  return cannot('timed-out', message);
}

interface Opened {
  readonly repository: Repository;
  readonly remote: string;
  readonly partial: string | null;
}

async function resolveAt(
  url: RepositoryUrl,
  options: ResolveOptions,
  choose: Choose,
): Promise<Outcome<ResolvedSource>> {
  const opened = await open(url, options);
  if (!opened.ok) return opened;
  const context = { ...options, ...opened.value, url };
  const resolved = await choose(context);
  if (!resolved.ok) return resolved;
  const tagged = await withTags(context, resolved.value);
  return found({ ...tagged, signals: [...partialSignals(opened.value.partial), ...tagged.signals] });
}

async function open(url: RepositoryUrl, options: ResolveOptions): Promise<Outcome<Opened>> {
  const { claims, override, cacheDir, deadline } = options;
  const named = override?.commit ?? null;
  const wanted = {
    tag: (tag: string) => tag === named || mentionsVersion(tag, claims.version),
    commits: named === null ? claims.commits.map((one) => one.commit) : [named],
  };
  const opened = await openFrom(url, { cacheDir, mirrors: options.mirrors, wanted, deadline });
  if (opened.ok) return found(opened);
  const said = opened.failures.map((failure) => `${failure.url}: ${failure.message}`).join('; ');
  const next =
    'It may be gone, private or unreachable from here; --git-mirror names another place to fetch from.';
  const tooLarge = opened.failures.some((failure) => failure.why === 'too-long');
  const code = tooLarge ? 'resource-limit' : 'repository-unreachable';
  return cannot(code, `${url.url} could not be fetched (${said}). ${next}`);
}

function partialSignals(partial: string | null): readonly Signal[] {
  if (partial === null) return [];
  const message = `Only the tags and commits that name this version could be fetched (${partial}).`;
  return [signal('repository-incomplete', message)];
}

/** An open repository, and what is known about the package version that is looked for in it. */
export interface Context extends ResolveOptions, Opened {
  readonly url: RepositoryUrl;
}

/** The source as claims, tags and the history have it. */
async function resolveClaimed(context: Context): Promise<Outcome<ResolvedSource>> {
  const { repository, url, claims } = context;
  const { located, unheld } = await claimedSources(context);
  if (located.tried.length === 0) {
    const what = `${url.url} has no tag for ${claims.version}, and no commit that sets this version.`;
    const ghosts = unheld.map(
      ({ commit, evidence }) =>
        ` Commit ${commit} (${evidence.detail}) is on no branch and no tag of the repository.`,
    );
    const next = `If you know the commit, name it with --source ${url.url}#<commit>.`;
    const failure = cannot('source-not-found', `${what}${ghosts.join('')} ${next}`);
    const unknown = unknownNameSignals(context, await directoriesNow(repository, claims));
    return { ...failure, signals: [...ghostSignals(url, unheld), ...unknown] };
  }
  return outcomeOf({ context, repository, located, signals: ghostSignals(url, unheld) });
}

/** The commits that claims, tags and the history lead to, and the claimed ones that are not there. */
export async function claimedSources(
  context: Context,
): Promise<{ readonly located: LocatedAll; readonly unheld: SourceClaims['commits'] }> {
  const { repository, claims, partial } = context;
  const { candidates, unheld } = await claimedAndTagged(repository, claims);
  const first = withoutNeighbours(await locateAll(context, candidates), claims);
  const located = needsHistory(first, context)
    ? await withMatchingCommit(context, await withVersionCommit(context, first))
    : first;
  // Of a repository without its history nobody can say what its branches hold.
  return { located, unheld: partial === null ? unheld : [] };
}

function withoutNeighbours(located: LocatedAll, claims: SourceClaims): LocatedAll {
  const neighbours = located.sources.filter((one) => isNeighbours(one, claims));
  const dropped = new Set(neighbours.map(({ source }) => source.commit));
  return {
    ...located,
    tried: located.tried.filter(({ commit }) => !dropped.has(commit)),
    sources: located.sources.filter(({ source }) => !dropped.has(source.commit)),
  };
}

/** The source as the user names it: a tag, a branch, or any commit that the remote gives. */
async function resolveNamed(
  context: Context & { readonly commit: string },
): Promise<Outcome<ResolvedSource>> {
  const { url, claims, commit } = context;
  const named = await namedCommit(context.repository, commit);
  if (named !== null) {
    const located = await locateAll(context, [named]);
    return outcomeOf({ context, repository: context.repository, located, signals: [] });
  }
  const repository = await openCommit({ ...context, key: url.url });
  if (repository === null) {
    const what = `${url.url} has no commit, tag or branch ${JSON.stringify(commit)}.`;
    const next = `If you know the commit of ${claims.version}, name it with --source ${url.url}#<commit>.`;
    return cannot('source-not-found', `${what} ${next}`);
  }
  const held =
    context.partial === null
      ? 'no branch and no tag of the repository holds it'
      : 'whether a branch or tag of the repository holds it is not known';
  const evidence = [{ kind: 'user', detail: `named with --source; ${held}` }];
  const located = await locateAll({ ...context, repository }, [{ commit, ref: null, evidence }]);
  const message = `Commit ${commit} was named with --source; ${held}.`;
  const signals = context.partial === null ? [signal('commit-on-no-branch', message)] : [];
  return outcomeOf({ context, repository, located, signals });
}

/**
 * Without any candidate that has the package; when every one has other files than were published: a tag may be made late; or
 * when every one states another version: in a repository of many packages, `v1.0.0` can be the tag of a neighbour.
 */
function needsHistory({ sources, reasons }: LocatedAll, { claims, contradictions }: Context): boolean {
  if (sources.length === 0) return reasons.length === 0;
  const stating = sources.filter(({ version }) => version === claims.version);
  if (stating.length > 0) return stating.every(({ source }) => contradictions(source).length > 0);
  return sources.some(({ version }) => !isPlaceholder(version));
}

/** With the first commit that sets the version, or a later one that fits better than all that are known. */
async function withVersionCommit(context: Context, first: LocatedAll): Promise<LocatedAll> {
  const { repository, claims, contradictions } = context;
  const known = first.sources.map(({ source }) => source.directory);
  const directories = known.length > 0 ? known : (await directoriesNow(repository, claims)).directories;
  const candidates = await versionCommits(repository, claims, directories);
  const misfitsOf = ({ sources }: LocatedAll) =>
    Math.min(...sources.map(({ source }) => contradictions(source).length));
  let [more, fewest]: [LocatedAll | null, number] = [null, misfitsOf(first)];
  for (const candidate of candidates) {
    if (first.tried.some((one) => one.commit === candidate.commit)) continue;
    const located = await locateAll(context, [candidate]);
    const misfits = misfitsOf(located);
    if (candidate === candidates[0] || misfits < fewest) more = located;
    fewest = Math.min(fewest, misfits);
  }
  if (more === null) return first;
  return {
    tried: [...first.tried, ...more.tried],
    sources: [...first.sources, ...more.sources],
    reasons: [...first.reasons, ...more.reasons],
  };
}

/** Where every commit has other files than were published, one around the first of them that has none other. */
async function withMatchingCommit(context: Context, located: LocatedAll): Promise<LocatedAll> {
  const { repository, claims, contradictions } = context;
  const [first] = located.sources;
  const isOther = ({ source }: Located) => contradictions(source).length > 0;
  if (first === undefined || !located.sources.every(isOther)) return located;
  const { source } = first;
  for (const candidate of await matchingCommits(repository, contradictions(source), source.committedAt)) {
    const { tried, sources } = await locateAll(context, [candidate]);
    const fits = sources.filter((one) => one.version === claims.version && !isOther(one));
    if (fits.length > 0)
      return { ...located, tried: [...located.tried, ...tried], sources: [...located.sources, ...fits] };
  }
  return located;
}

interface Looked {
  readonly context: Context;
  readonly repository: Repository;
  readonly located: LocatedAll;
  readonly signals: readonly Signal[];
}

async function outcomeOf(options: Looked): Promise<Outcome<ResolvedSource>> {
  const { context, repository, located, signals } = options;
  const { claims } = context;
  const { sources, reasons } = located;
  if (sources.length === 0) {
    const [reason] = reasons;
    return reason === undefined ? withoutSource(options) : { ok: false, reason };
  }
  const ordered = likeliestFirst(sources, context);
  return found({
    repository,
    candidates: ordered.map((one) => one.source),
    signals: [...signals, ...evidenceSignals(claims, ordered)],
  });
}

/** Why commits that no package of this name lies in are no source: they are of others, or the repository is. */
async function withoutSource({ context, located, signals }: Looked): Promise<Outcome<never>> {
  const { repository, url, claims } = context;
  const where = located.tried.map((candidate) => candidate.ref ?? candidate.commit.slice(0, 12)).join(', ');
  const what = `No ${claims.manifest.fileName} named ${claims.name} in ${url.url} at ${where}`;
  const [directory] = (await directoriesNow(repository, claims)).directories;
  if (directory !== undefined) {
    const next = `If you know the commit of ${claims.version}, name it with --source ${url.url}#<commit>.`;
    return {
      ...cannot('source-not-found', `${what}, though its branches have it in ${directory}. ${next}`),
      signals,
    };
  }
  const failure = cannot(
    'source-mismatch',
    `${what}. The package may claim a repository that is not its own.`,
  );
  return { ...failure, signals: [...signals, unknownName(context, `at ${where}`)] };
}

/** Those first that state the version; before them a commit that only sets it, where its files fit better than any. */
function likeliestFirst(
  sources: readonly Located[],
  { claims, contradictions }: Context,
): readonly Located[] {
  const states = ({ version }: Located) => Number(version === claims.version);
  const ordered = sources.toSorted((a, b) => states(b) - states(a));
  const misfits = ({ source }: Located) => contradictions(source).length;
  const [own] = ordered
    .filter(({ source }) => isUnnamed(source.evidence))
    .toSorted((a, b) => misfits(a) - misfits(b));
  if (own === undefined) return ordered;
  const others = ordered.filter((one) => one !== own);
  const isBest = others.every((one) => states(one) === 0 || misfits(own) < misfits(one));
  return isBest ? [own, ...others] : ordered;
}
