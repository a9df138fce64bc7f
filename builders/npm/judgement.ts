import type { Published } from '../../src/ecosystem.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import type { Archive, Entry } from '../../src/model/artifact.ts';
import type { Finding } from '../../src/model/verdict.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { manifestFindings, type PackedSide } from './manifest-findings.ts';
import { roles } from './roles.ts';

/** What the manifests of both archives and of the registry say differently. */
export function findingsOf(options: { published: Published; rebuilt: Archive | null }): readonly Finding[] {
  const { published, rebuilt } = options;
  return manifestFindings({
    published: sideOf(published.artifact.archive),
    rebuilt: rebuilt === null ? null : sideOf(rebuilt),
    document: published.document,
  });
}

/** What each entry of the published archive can do. */
export function rolesOf(published: Published): ReadonlyMap<string, EntryRole> {
  const { manifest, paths } = sideOf(published.artifact.archive);
  return roles(manifest, paths);
}

function sideOf({ entries }: Archive): PackedSide {
  return {
    manifest: manifestEntry(entries)?.content.subarray() ?? null,
    paths: entries.map((entry) => entry.path),
  };
}

/** The package.json that is on disk after an installation: of several, the last one. */
export function manifestEntry(entries: readonly Entry[]): Entry | undefined {
  return entries.findLast((one) => one.path === 'package.json' && one.type === 'file');
}

/** The manifest that an archive holds, as planning reads one; null where there is none that can be read. */
export function packedManifest({ entries }: Archive): Manifest | null {
  const bytes = manifestEntry(entries)?.content.subarray();
  return bytes === undefined ? null : parseManifest(Buffer.from(bytes).toString('utf8'));
}
