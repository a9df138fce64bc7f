import { isScriptName } from '../compare/script.ts';
import type { Comparison } from '../model/comparison.ts';
import type { Finding } from '../model/verdict.ts';
import type { Explained } from './explain-all.ts';
import type { ShownChange } from './explain.ts';

const FEWEST_FILES = 3;
const LEAST_SHARE = 0.5;
const MOST_EDITS = 3;
const MOST_ALONE = 5;

interface Placed extends ShownChange {
  readonly path: string;
}

/**
 * Says that a difference has the shape of another tool's version: a tool does the same to every file that it makes, while
 * something is slipped in at one place. It says nothing against the other findings, since something can hide among such
 * differences; changes that no other file has are named. Null where the shape is another one. Pure.
 */
export function driftFinding(
  { origins, differences }: Comparison,
  explained: ReadonlyMap<string, Explained>,
): Finding<'build-drift'> | null {
  const changed = differences.filter(({ kind, path, rebuilt }) => {
    return kind === 'content' && rebuilt !== null && isScriptName(path);
  });
  const made = Object.entries(origins).filter(([path, origin]) => {
    return isScriptName(path) && (origin === 'rebuilt' || origin === 'normalized');
  });
  const all = changed.length + made.length;
  if (changed.length < FEWEST_FILES || changed.length < all * LEAST_SHARE) return null;
  const changes = [...explained].flatMap(([path, one]): Placed[] =>
    'unread' in one ? [] : one.changes.map((change) => ({ ...change, path })),
  );
  const files = filesByEdit(changes);
  const common = [...files].filter(([, paths]) => paths.size > 1).toSorted((a, b) => b[1].size - a[1].size);
  const [most] = common;
  if (most === undefined) return null;
  const alone = changes.filter(({ edit }) => files.get(edit)?.size === 1);
  const [edit, paths] = most;
  return {
    kind: 'build-drift',
    severity: 'info',
    path: null,
    message: `${changed.length} of the ${all} scripts that the build makes differ, and ${paths.size} of them in the same way (${edit}): another version of a tool does that. Whether something hides among it cannot be decided; ${alone.length} of ${changes.length} places that were read are like no other.`,
    evidence: {
      changed: changed.length,
      made: all,
      edits: common.slice(0, MOST_EDITS).map(([one, { size }]) => ({ edit: one, files: size })),
      alone: alone.slice(0, MOST_ALONE).map(({ path, offset, code }) => ({ path, offset, code })),
    },
  };
}

function filesByEdit(changes: readonly Placed[]): ReadonlyMap<string, ReadonlySet<string>> {
  const files = new Map<string, Set<string>>();
  for (const { edit, path } of changes) files.set(edit, (files.get(edit) ?? new Set()).add(path));
  return files;
}
