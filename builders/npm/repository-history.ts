import semver from 'semver';
import { signal } from '../../src/model/signals.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { parseRepositoryUrl, type RepositoryUrl } from '../../src/source/repository-url.ts';
import { diagnose } from './proxy/time-doctor.ts';
import type { PackageDocument, RawVersion } from './registry/document.ts';

/** A repository that was left this many versions ago is history, not a surprise. */
const EARLIER_VERSIONS = 10;

/**
 * A signal when a version names another repository than each of the versions before it (at most ten) that name one. How
 * an address is written does not matter. Another repository of the same owner is `medium`: who moved there is known.
 *
 * @param facts.repository what this version names, as it is written; null when it names none
 */
export function repositorySignals(facts: {
  document: PackageDocument;
  version: string;
  repository: string | null;
}): readonly Signal[] {
  const { document, version } = facts;
  const now = facts.repository === null ? null : parseRepositoryUrl(facts.repository);
  if (now === null) return [];
  const before = earlierVersions(document, version).flatMap((key) => {
    const repository = repositoryOf(document.versions.get(key));
    return repository === null ? [] : [{ version: key, repository }];
  });
  const [last] = before;
  if (last === undefined || before.some((one) => isSame(one.repository, now))) return [];
  const of = before.length === 1 ? 'the version' : `each of the ${before.length} versions`;
  const message = `It names ${now.url}, unlike ${of} before it: ${last.version} names ${last.repository.url}.`;
  const changed = signal('repository-changed', message);
  const sameOwner = before.some((one) => ownerOf(one.repository) === ownerOf(now));
  return [sameOwner ? { ...changed, severity: 'low' } : changed];
}

/** The last versions before one, latest first: by time where the registry's times can be trusted, else by number. */
function earlierVersions(document: PackageDocument, version: string): readonly string[] {
  const others = [...document.versions.keys()].filter((key) => key !== version);
  const time = (key: string) => Date.parse(document.time.get(key) ?? '');
  const byTime = diagnose(document).trusted && !Number.isNaN(time(version));
  const earlier = byTime
    ? others.filter((key) => time(key) < time(version)).sort((a, b) => time(b) - time(a))
    : below(others, version);
  return earlier.slice(0, EARLIER_VERSIONS);
}

function below(versions: readonly string[], version: string): readonly string[] {
  const limit = semver.parse(version, { loose: true });
  const parsed = versions.map((key) => semver.parse(key, { loose: true }));
  return parsed
    .filter((one) => one !== null && limit !== null && one.compare(limit) < 0)
    .sort((a, b) => (a === null || b === null ? 0 : b.compare(a)))
    .flatMap((one) => (one === null ? [] : [one.raw]));
}

function repositoryOf(raw: RawVersion | undefined): RepositoryUrl | null {
  const stated = raw?.['repository'];
  const url = typeof stated === 'object' && stated !== null && 'url' in stated ? stated.url : stated;
  return typeof url === 'string' ? parseRepositoryUrl(url) : null;
}

/** Git hosts do not tell `Owner/Name` from `owner/name`. */
function isSame(a: RepositoryUrl, b: RepositoryUrl): boolean {
  return a.url.toLowerCase() === b.url.toLowerCase();
}

/** Host and everything of the path but its last component. */
function ownerOf({ host, path }: RepositoryUrl): string {
  return `${host}/${path.split('/').slice(0, -1).join('/')}`.toLowerCase();
}
