import { signal } from '../model/signals.ts';
import { LFS_POINTER, type Source, type TreeFile } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';
import type { Repository } from './repository.ts';

const MOST_NAMED = 5;
/** More are not looked at: a few lines in the uppermost of them name the files of a whole repository. */
const MOST_ATTRIBUTES = 100;
const MOST_POINTERS = 1000;
/** Largest pointer file (git-lfs specification, "The Pointer"). */
const LONGEST_POINTER = 1024;

/** The files of a commit, with those marked that only point at a file in git large file storage. */
export async function withPointers(
  repository: Repository,
  commit: string,
  tree: readonly TreeFile[],
): Promise<readonly TreeFile[]> {
  const isAttributes = ({ path }: TreeFile) => `/${path}`.endsWith('/.gitattributes');
  const read = ({ path }: TreeFile) => repository.readText(commit, path);
  const attributes = await Promise.all(tree.filter(isAttributes).slice(0, MOST_ATTRIBUTES).map(read));
  if (!attributes.some((text) => text?.includes('filter=lfs'))) return tree;
  const hits = new Set(await repository.grep({ commit, expression: `^${LFS_POINTER}$`, fileName: null }));
  const candidates = tree.filter(({ path }) => hits.has(path)).slice(0, MOST_POINTERS);
  const texts = await Promise.all(candidates.map(read));
  const isPointer = (text: string | null | undefined) =>
    text?.startsWith(LFS_POINTER) === true && text.length <= LONGEST_POINTER;
  const pointers = new Set(candidates.filter((_file, index) => isPointer(texts[index])));
  return tree.map((file) => (pointers.has(file) ? { ...file, pointer: true as const } : file));
}

/** Says what lies in the package's directory and is only named by the commit; null when everything is in it. */
export function outsideCommitSignal({ tree, directory }: Source): Signal | null {
  const root = directory === '.' ? '' : `${directory}/`;
  const named = tree.filter(
    ({ path, mode, pointer }) => path.startsWith(root) && (mode === '160000' || pointer),
  );
  if (named.length === 0) return null;
  const some = named
    .slice(0, MOST_NAMED)
    .map(({ path, pointer }) => `${path} (${pointer ? 'large file storage' : 'submodule'})`);
  const more = named.length > MOST_NAMED ? ', ...' : '';
  const message = `The commit only names these, and the rebuild went without: ${some.join(', ')}${more}.`;
  return signal('source-outside-commit', message);
}
