import semver from 'semver';
import { signal } from '../../src/model/signals.ts';
import type { Signal } from '../../src/model/verdict.ts';
import type { OtherRepository } from '../../src/source/resolve.ts';
import {
  isSameOwner,
  isSameRepository,
  parseRepositoryUrl,
  type RepositoryUrl,
} from '../../src/source/repository-url.ts';
import { earlierVersions } from './earlier-versions.ts';
import { diagnose } from './proxy/time-doctor.ts';
import type { PackageDocument, RawVersion } from './registry/document.ts';

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
  if (last === undefined || before.some((one) => isSameRepository(one.repository, now))) return [];
  const of = before.length === 1 ? 'the version' : `each of the ${before.length} versions`;
  const message = `It names ${now.url}, unlike ${of} before it: ${last.version} names ${last.repository.url}.`;
  const changed = signal('repository-changed', message);
  const sameOwner = before.some((one) => isSameOwner(one.repository, now));
  return [sameOwner ? { ...changed, severity: 'low' } : changed];
}

const MOST_OTHERS = 3;

/**
 * The repositories that other versions of a package name, those of the newest versions first: where a project that has
 * moved may be now. Nothing in them is the source of this version until its commit was found and rebuilt.
 *
 * @param facts.repository what this version names, as it is written
 */
export function otherRepositories(facts: {
  document: PackageDocument;
  version: string;
  repository: string | null;
}): readonly OtherRepository[] {
  const { document, version } = facts;
  const stated = facts.repository === null ? null : parseRepositoryUrl(facts.repository);
  const known = new Set(stated === null ? [] : [stated.url.toLowerCase()]);
  const others: OtherRepository[] = [];
  for (const key of newestFirst(document)) {
    const repository = key === version ? null : repositoryOf(document.versions.get(key));
    if (repository === null || known.has(repository.url.toLowerCase())) continue;
    known.add(repository.url.toLowerCase());
    others.push({ repository: repository.url, version: key });
    if (others.length >= MOST_OTHERS) break;
  }
  return others;
}

/** By time where the registry's times can be trusted, else by number; what has neither comes last. */
function newestFirst(document: PackageDocument): readonly string[] {
  const all = [...document.versions.keys()].map((key) => ({
    key,
    time: Date.parse(document.time.get(key) ?? '') || 0,
    parsed: semver.parse(key, { loose: true }),
  }));
  const byTime = diagnose(document).trusted;
  return all
    .toSorted((a, b) => {
      if (byTime && a.time !== b.time) return b.time - a.time;
      if (a.parsed === null || b.parsed === null)
        return Number(a.parsed === null) - Number(b.parsed === null);
      return b.parsed.compare(a.parsed);
    })
    .map(({ key }) => key);
}

function repositoryOf(raw: RawVersion | undefined): RepositoryUrl | null {
  const stated = raw?.['repository'];
  const url = typeof stated === 'object' && stated !== null && 'url' in stated ? stated.url : stated;
  return typeof url === 'string' ? parseRepositoryUrl(url) : null;
}
