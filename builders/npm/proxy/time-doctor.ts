import semver, { type SemVer } from 'semver';
import type { PackageDocument } from '../registry/document.ts';
import { firstSeen } from '../registry/first-seen.ts';

/** Whether a document's times can be publish times. */
export interface TimeDiagnosis {
  readonly trusted: boolean;
  /** One sentence. */
  readonly why: string;
  /** Neighbours of one major line of which the lower version is said to be the younger. */
  readonly inversions: number;
  readonly neighbours: number;
}

/** What existed at an instant. */
export interface Snapshot {
  readonly diagnosis: TimeDiagnosis;
  /** Version to the time that stands for it (ms since the epoch): the registry's, or one inferred. */
  readonly kept: ReadonlyMap<string, number>;
  /** Versions kept though the registry's own times would hide them. */
  readonly inferred: readonly string[];
  /** Versions left out. */
  readonly hidden: number;
}

interface Known {
  readonly version: string;
  readonly semver: SemVer;
  /** Milliseconds since the epoch; infinite when the registry does not say. */
  readonly time: number;
}

/** Backports make some inversions in an honest document; a mirror's import makes about half. */
const MANY_INVERSIONS = 0.3;
const ENOUGH_NEIGHBOURS = 10;

/**
 * Judges a document's time map. Mirrors often record when *they* first saw a version: an upper bound of the publish
 * time that may be years too late. Such maps lack `created`, or are mostly out of order.
 */
export function diagnose(document: PackageDocument): TimeDiagnosis {
  const neighbours = [...lines(known(document)).values()].flatMap((line) =>
    line.slice(1).map((above, index) => ({ below: line[index], above })),
  );
  const inversions = neighbours.filter(
    ({ below, above }) => below !== undefined && below.time > above.time,
  ).length;
  const counts = { inversions, neighbours: neighbours.length };
  if (document.created === null)
    return { trusted: false, why: 'The registry does not say when the package was created.', ...counts };
  if (neighbours.length >= ENOUGH_NEIGHBOURS && inversions > neighbours.length * MANY_INVERSIONS)
    return { trusted: false, why: 'Most versions are out of order in time.', ...counts };
  return { trusted: true, why: 'The times are in order.', ...counts };
}

/**
 * The versions of a package that existed at the cutoff. Times that are trusted are taken as they are. Otherwise a
 * version is no younger than the sources that name it, and cannot be younger than a higher one of its own line, so that the
 * earliest time of any version at or above it stands for it. A version without any time, stated or inferred, is left out.
 * `allowed` existed, whatever its time.
 *
 * @param seen when versions were there at the latest, ms since the epoch; default: as far as it is known
 */
export function snapshot(
  document: PackageDocument,
  cutoff: Date,
  allowed: ReadonlySet<string>,
  seen?: ReadonlyMap<string, number>,
): Snapshot {
  const diagnosis = diagnose(document);
  const limit = cutoff.getTime();
  const dated = diagnosis.trusted ? null : (seen ?? firstSeen(document.name));
  const versions = known(document).map((one) => {
    const { version, time } = one;
    const latest = Math.min(time, dated?.get(version) ?? time);
    return { ...one, time: allowed.has(version) ? Math.min(latest, limit) : latest };
  });
  const bounds = upperBounds(versions);
  const kept = new Map<string, number>();
  const inferred: string[] = [];
  for (const one of versions) {
    const stated = Date.parse(document.time.get(one.version) ?? '');
    const bound = bounds.get(one.version) ?? Number.POSITIVE_INFINITY;
    const time = diagnosis.trusted && Number.isFinite(one.time) ? one.time : bound;
    if (!(time <= limit)) continue;
    kept.set(one.version, time);
    if (!(stated <= limit)) inferred.push(one.version);
  }
  return { diagnosis, kept, inferred, hidden: document.versions.size - kept.size };
}

function known(document: PackageDocument): Known[] {
  const all: Known[] = [];
  for (const version of document.versions.keys()) {
    const parsed = semver.parse(version, { loose: true });
    const time = Date.parse(document.time.get(version) ?? '');
    if (parsed !== null)
      all.push({ version, semver: parsed, time: Number.isNaN(time) ? Number.POSITIVE_INFINITY : time });
  }
  return all.sort((a, b) => a.semver.compare(b.semver));
}

/** Releases by major version, lowest first. Prereleases are no line: nightlies called 0.0.0-x never end. */
function lines(versions: readonly Known[]): ReadonlyMap<number, readonly Known[]> {
  return Map.groupBy(
    versions.filter((one) => one.semver.prerelease.length === 0),
    (one) => one.semver.major,
  );
}

/** The earliest time of each version and everything above it in its line; a prerelease is above by its own release. */
function upperBounds(versions: readonly Known[]): ReadonlyMap<string, number> {
  const bounds = new Map<string, number>();
  for (const line of lines(versions).values()) lower(line, Number.POSITIVE_INFINITY, bounds);
  const tuples = Map.groupBy(versions, ({ semver: { major, minor, patch } }) => `${major}.${minor}.${patch}`);
  for (const tuple of tuples.values()) {
    const release = tuple.find((one) => one.semver.prerelease.length === 0);
    const start = release === undefined ? undefined : bounds.get(release.version);
    lower(
      tuple.filter((one) => one !== release),
      start ?? Number.POSITIVE_INFINITY,
      bounds,
    );
  }
  return bounds;
}

function lower(ascending: readonly Known[], start: number, bounds: Map<string, number>): void {
  let earliest = start;
  for (const one of ascending.toReversed()) {
    earliest = Math.min(earliest, one.time);
    bounds.set(one.version, earliest);
  }
}
