import { signal } from '../model/signals.ts';
import type { Source } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';

const MOST_NAMED = 5;

/** Paths of the files of a commit whose content the mirror does not have. */
export function missingFiles(tree: Source['tree']): readonly string[] {
  return tree.filter((file) => file.missing).map((file) => file.path);
}

/** Says that a rebuild went without files of its commit, as the mirror does not have them; null when it had them all. */
export function missingFilesSignal({ tree, commit }: Source): Signal | null {
  const missing = missingFiles(tree);
  if (missing.length === 0) return null;
  const named = missing.slice(0, MOST_NAMED).join(', ');
  const more = missing.length > MOST_NAMED ? ', ...' : '';
  const what = `${missing.length} of ${tree.length} files of commit ${commit.slice(0, 12)}`;
  const message = `The mirror does not have ${what}, and the rebuild went without: ${named}${more}.`;
  return signal('source-files-missing', message);
}
