import { signal } from '../model/signals.ts';
import type { Source } from '../model/source.ts';
import type { Reason, ReasonCode, Signal } from '../model/verdict.ts';
import type { SourceClaims } from './candidates.ts';
import { isSameOwner, parseRepositoryUrl, type RepositoryUrl } from './repository-url.ts';

/** A repository that another version of the package names. */
interface Place {
  readonly url: RepositoryUrl;
  readonly version: string;
}

interface Moved {
  /** What the version itself names. */
  readonly url: RepositoryUrl;
  /** Why its source is not there. */
  readonly reason: Reason;
  readonly claims: SourceClaims;
}

/** The stated repository answers and has no source of the version. */
const NOT_THERE: readonly ReasonCode[] = ['source-not-found', 'source-mismatch'];

/**
 * Where to look for the source of a version whose stated repository is gone or does not have it. Whoever can publish a
 * version can make it name any repository, and then publish another one without. So a repository that answers is
 * believed when it has nothing, but for another one of the same owner: a version that was never in its repository is
 * what a release with stolen rights looks like.
 */
export function placesToTry({ url, reason, claims }: Moved): readonly Place[] {
  const places = claims.otherRepositories.flatMap(({ repository, version }) => {
    const parsed = parseRepositoryUrl(repository);
    return parsed === null ? [] : [{ url: parsed, version }];
  });
  if (reason.code === 'repository-unreachable') return places;
  return NOT_THERE.includes(reason.code) ? places.filter((place) => isSameOwner(place.url, url)) : [];
}

interface Resolved {
  readonly candidates: readonly Source[];
  readonly signals: readonly Signal[];
}

/** The same with the evidence for its repository, and a signal: milder where the owner is the same. */
export function asMoved<T extends Resolved>(
  resolved: T,
  { url, reason, claims, place }: Moved & { place: Place },
): T {
  const why =
    reason.code === 'repository-unreachable' ? 'could not be read' : 'has no source of this version';
  const detail = `version ${place.version} names ${place.url.url}`;
  const message = `${claims.name}@${claims.version} names ${url.url}, which ${why}; ${detail}, where the source was found.`;
  const moved = signal('repository-from-another-version', message);
  const evidence = { kind: 'repository-of-another-version', detail };
  return {
    ...resolved,
    candidates: resolved.candidates.map((one) => ({ ...one, evidence: [...one.evidence, evidence] })),
    signals: [isSameOwner(place.url, url) ? { ...moved, severity: 'low' } : moved, ...resolved.signals],
  };
}
