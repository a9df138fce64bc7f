import type { Source } from '../model/source.ts';
import { isLoose, type SourceClaims } from './candidates.ts';
import { packageNamedBy } from './tag-names.ts';

/**
 * Whether a tag is that of another package: in a repository of many, `neighbour@1.2.3` holds this version as well. It counts where
 * packages are released together: then the package states the version there, or a placeholder. Pure.
 *
 * @param version what the package states at the tag's commit
 */
export function isNeighbours(
  { source, version }: { readonly source: Source; readonly version: string | null },
  claims: Pick<SourceClaims, 'name' | 'version'>,
): boolean {
  const own = claims.name.slice(claims.name.lastIndexOf('/') + 1);
  const named = isLoose(source.evidence) ? packageNamedBy(source.ref ?? '') : null;
  return named !== null && named !== own && version !== claims.version && !isPlaceholder(version);
}

/** Filled in at release time (`0.0.0-development`), it says nothing. */
export function isPlaceholder(version: string | null): boolean {
  return version === null || version.startsWith('0.0.0');
}
