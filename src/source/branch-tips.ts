import { directoryOf, type PackageClaims } from './directory.ts';
import type { Repository } from './repository.ts';

const MAIN_BRANCHES = ['refs/heads/main', 'refs/heads/master'];

/** The commits at which the main branch ends: one, none where it has another name, two where there are both. */
export function mainTips(repository: Repository): Promise<readonly string[]> {
  return tipsOf(repository, MAIN_BRANCHES);
}

async function tipsOf(repository: Repository, names: readonly string[]): Promise<readonly string[]> {
  const tips = await Promise.all(names.map((name) => repository.commitOf(name)));
  return [...new Set(tips.filter((commit) => commit !== null))];
}

/** Where a package lies in its repository as that is now. */
export interface DirectoriesNow {
  /** At the tips of the main branch and of the newest one, each once. */
  readonly directories: readonly string[];
  /** Whether there is a tip, and all of them could be read: what was not found is then not there. */
  readonly isComplete: boolean;
}

/** Looks for the package at the tips of the main branch and of the newest one. */
export async function directoriesNow(repository: Repository, claims: PackageClaims): Promise<DirectoriesNow> {
  const newest = await repository.newestBranch();
  const commits = await tipsOf(repository, [...MAIN_BRANCHES, ...(newest === null ? [] : [newest])]);
  const directories = new Set<string>();
  let isComplete = commits.length > 0;
  for (const commit of commits) {
    const tree = await repository.tree(commit);
    const place = tree.ok ? await directoryOf(repository, commit, claims) : null;
    if (place !== null) directories.add(place.directory);
    isComplete &&= tree.ok;
  }
  return { directories: [...directories], isComplete };
}
