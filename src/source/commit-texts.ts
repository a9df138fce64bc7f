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

/** A file after a commit that changed it. */
export interface FileChange {
  /** Committer date, ISO 8601, as the commit states it. */
  readonly committedAt: string;
  /** Null where there is no such file any more, or none that can be read. */
  text(): Promise<string | null>;
}

/** What a file was after each of the last commits that changed it, up to the one named, newest first. */
export async function fileHistory(
  repository: Pick<Repository, 'changesBefore' | 'peekText'>,
  commit: string,
  file: string,
): Promise<readonly FileChange[]> {
  const changes = await repository.changesBefore(commit, file);
  return changes.map((change) => ({
    committedAt: change.committedAt,
    text: () => repository.peekText(change.commit, file),
  }));
}
