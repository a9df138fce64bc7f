import semver from 'semver';
import type { PackageDocument } from '../registry/document.ts';
import { diagnose } from './time-doctor.ts';

/** The version that is being verified: a build that could fetch its payload would only have to copy it. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** Of the artifact, lowercase hex: the same bytes may lie in a registry under any name and number. */
  readonly sha512: string;
}

/**
 * A document of the subject's own package with nothing but what is older than the subject; any other unchanged. A
 * version is older when the registry dates it before the cutoff (mirrors date too late, never too early), or, where
 * times cannot be trusted, when its number is lower. A lockfile is no authority here: none can name its own future.
 */
export function withoutSubject(document: PackageDocument, subject: Subject, cutoff: Date): PackageDocument {
  if (document.name !== subject.name) return document;
  const { trusted } = diagnose(document);
  const isOlder = (version: string): boolean => {
    if (version === subject.version) return false;
    if (Date.parse(document.time.get(version) ?? '') < cutoff.getTime()) return true;
    return !trusted && isBelow(version, subject.version);
  };
  const older = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([version]) => isOlder(version)));
  return {
    ...document,
    distTags: new Map([...document.distTags].filter(([, version]) => isOlder(version))),
    versions: older(document.versions),
    time: older(document.time),
  };
}

function isBelow(version: string, other: string): boolean {
  const [one, two] = [version, other].map((text) => semver.parse(text, { loose: true }));
  return one != null && two != null && one.compare(two) < 0;
}
