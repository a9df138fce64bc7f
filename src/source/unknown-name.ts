import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';
import type { SourceClaims } from './candidates.ts';
import { directoryOf } from './directory.ts';
import type { Repository } from './repository.ts';
import type { RepositoryUrl } from './repository-url.ts';

interface Asked {
  readonly repository: Repository;
  readonly url: RepositoryUrl;
  readonly claims: SourceClaims;
}

/** That a repository does not hold the package which names it: it may be claimed for its good name. */
export function unknownName({ url, claims }: Pick<Asked, 'url' | 'claims'>, where: string): Signal {
  const message = `No ${claims.manifest.fileName} in ${url.url} ${where} has the name ${claims.name}.`;
  return signal('repository-does-not-know-name', message);
}

const MAIN_BRANCHES = ['refs/heads/main', 'refs/heads/master'];

/** The same of a repository that has no commit for the version: then its main branch and the newest one are looked at, as they are now. */
export async function unknownNameSignals({ repository, url, claims }: Asked): Promise<readonly Signal[]> {
  const newest = await repository.newestBranch();
  const names = [...MAIN_BRANCHES, ...(newest === null ? [] : [newest])];
  const tips = await Promise.all(names.map((name) => repository.commitOf(name)));
  const commits = [...new Set(tips.filter((commit) => commit !== null))];
  if (commits.length === 0) return [];
  for (const commit of commits) {
    const tree = await repository.tree(commit);
    // One that cannot be read may have it.
    if (!tree.ok || (await directoryOf(repository, commit, claims)) !== null) return [];
  }
  return [unknownName({ url, claims }, 'at the tips of its main branch and the newest one')];
}
