import type { Source } from '../model/source.ts';
import type { Repository } from './repository.ts';

/** Reads each file of a commit once, and asks git only for those that the commit has. */
export function commitTexts(
  repository: Pick<Repository, 'readText'>,
  { commit, tree }: Pick<Source, 'commit' | 'tree'>,
): (file: string) => Promise<string | null> {
  const paths = new Set(tree.map((file) => file.path));
  const known = new Map<string, Promise<string | null>>();
  return (file) => {
    if (!paths.has(file)) return Promise.resolve(null);
    const text = known.get(file) ?? repository.readText(commit, file);
    known.set(file, text);
    return text;
  };
}
