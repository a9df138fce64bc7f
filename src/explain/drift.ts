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
 * differences; changes that no other file has are named. Null where the shape is another one, and where the same change
 * brings code that can do something to every file. Pure.
 */
export function driftFinding(
  { differences }: Comparison,
  explained: ReadonlyMap<string, Explained>,
): Finding<'build-drift'> | null {
  const changed = differences.filter(({ kind, path }) => kind === 'content' && isScriptName(path));
  const read = [...explained].flatMap(([path, one]) => ('capabilities' in one ? [{ path, ...one }] : []));
  const changes = read.flatMap(({ path, changes: all }) =>
    all.map((change): Placed => ({ ...change, path })),
  );
  const files = filesByEdit(changes);
  const common = [...files].filter(([, paths]) => paths.size > 1).toSorted((a, b) => b[1].size - a[1].size);
  const [most] = common;
  const covered = new Set(common.flatMap(([, paths]) => [...paths]));
  const harmless = read.filter(({ path, capabilities }) => covered.has(path) && capabilities.length === 0);
  if (most === undefined || harmless.length < FEWEST_FILES || harmless.length < read.length * LEAST_SHARE)
    return null;
  const alone = changes.filter(({ edit }) => files.get(edit)?.size === 1);
  const [edit, paths] = most;
  return {
    kind: 'build-drift',
    severity: 'info',
    path: null,
    message: `${changed.length} scripts differ, and of the ${read.length} that were read ${paths.size} in the same way (${edit}): another version of a tool does that. Whether something hides among it cannot be decided; ${alone.length} of ${changes.length} places that were read are like no other.`,
    evidence: {
      changed: changed.length,
      read: read.length,
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
