import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';
import type { DirectoriesNow } from './branch-tips.ts';
import type { SourceClaims } from './candidates.ts';
import type { RepositoryUrl } from './repository-url.ts';

interface Asked {
  readonly url: RepositoryUrl;
  readonly claims: SourceClaims;
}

/** That a repository does not hold the package which names it: it may be claimed for its good name. */
export function unknownName({ url, claims }: Asked, where: string): Signal {
  const message = `No ${claims.manifest.fileName} in ${url.url} ${where} has the name ${claims.name}.`;
  return signal('repository-does-not-know-name', message);
}

/** The same of a repository that has no commit for the version, by where the package lies in it now. */
export function unknownNameSignals(
  asked: Asked,
  { directories, isComplete }: DirectoriesNow,
): readonly Signal[] {
  // A tip that cannot be read may have it.
  if (directories.length > 0 || !isComplete) return [];
  return [unknownName(asked, 'at the tips of its main branch and the newest one')];
}
