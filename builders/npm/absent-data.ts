import { type Absence, absence } from '../../src/model/absences.ts';
import { earlierVersions } from './earlier-versions.ts';
import { publisherOf } from './version-history.ts';
import type { PackageDocument, VersionDocument } from './registry/document.ts';

/** What the registry's document of a version leaves out, of all that is looked at where it is there. */
export function absentData(
  document: PackageDocument | null,
  version: VersionDocument | null,
): readonly Absence[] {
  if (document === null || version === null) return [absence('registry-document')];
  const missing = [
    version.publishedAt === null ? absence('publish-time') : null,
    version.gitHead === null ? absence('git-head') : null,
    publisherOf(version.raw) === null ? absence('publisher') : null,
    earlierVersions(document, version.version).length === 0 ? absence('earlier-versions') : null,
  ];
  return missing.filter((one) => one !== null);
}
