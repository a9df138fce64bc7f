import semver from 'semver';
import { diagnose } from './proxy/time-doctor.ts';
import type { PackageDocument } from './registry/document.ts';

/** What was otherwise this many versions ago is history, not a surprise. */
const EARLIER_VERSIONS = 10;

/** The last versions before one, latest first: by time where the registry's times can be trusted, else by number. */
export function earlierVersions(document: PackageDocument, version: string): readonly string[] {
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
