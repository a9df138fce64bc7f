import type { Comparison, Difference } from '../model/comparison.ts';
import { LFS_POINTER, type Source } from '../model/source.ts';
import type { Reason } from '../model/verdict.ts';

const MOST_NAMED = 5;

/**
 * Why a comparison says nothing: every difference lies in something that the commit only names and does not hold, a
 * submodule or a file in git large file storage, or in a file that the mirror does not have. Null when it does say
 * something.
 */
export function outsideOfCommit(comparison: Comparison | null, source: Source): Reason | null {
  const differences = comparison?.differences ?? [];
  if (differences.length === 0) return null;
  const root = source.directory === '.' ? '' : `${source.directory}/`;
  const submodules = source.tree.filter((file) => file.mode === '160000').map((file) => `${file.path}/`);
  const missing = new Set(source.tree.filter((file) => file.missing).map((file) => file.path));
  const isMissing = (one: Difference) => missing.has(`${root}${one.path}`);
  const isOutside = (one: Difference) =>
    isMissing(one) || submodules.some((folder) => `${root}${one.path}`.startsWith(folder)) || isPointer(one);
  if (!differences.every(isOutside)) return null;
  const paths = differences.slice(0, MOST_NAMED).map((one) => one.path);
  if (differences.some(isMissing)) {
    const message = `${paths.join(', ')}: the mirror does not have the content of these files, and nothing else differs. Name one that has it with --git-mirror.`;
    return { code: 'repository-unreachable', message };
  }
  const message = `${paths.join(', ')}: the commit only names these files (a submodule, or git large file storage), which reprove does not fetch.`;
  return { code: 'unsupported', message };
}

function isPointer({ rebuilt }: Difference): boolean {
  return (
    rebuilt !== null &&
    Buffer.from(rebuilt.content.subarray(0, LFS_POINTER.length)).toString() === LFS_POINTER
  );
}
