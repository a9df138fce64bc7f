import type { Archive } from '../../src/model/artifact.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Source } from '../../src/model/source.ts';
import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';

/**
 * What the permissions of a publisher's files can be on a disk that has no such permissions: nothing can be executed, or
 * everything. What else of them differs is no difference (see areInstalledAlike in src/compare/entries.ts).
 */
const PERMISSIONS: readonly {
  readonly mode: string;
  /** What it makes of those of a checkout. */
  of(checkedOut: number): number;
  /** Whether it may only be where every published file has the same: a single one that can be executed is no such disk. */
  readonly ofAll: boolean;
}[] = [
  { mode: 'a-x,go+w', of: (mode) => (mode & ~0o111) | 0o022, ofAll: false },
  { mode: 'a-x', of: (mode) => mode & ~0o111, ofAll: false },
  { mode: 'a+x,go+w', of: (mode) => mode | 0o133, ofAll: true },
  { mode: 'a+x', of: (mode) => mode | 0o111, ofAll: true },
];
const FEWEST_ALIKE = 3;

/** How chmod(1) is told to give files the permissions that were published; null when that is not all that differs. */
export function publishedPermissions(differences: readonly Difference[], published: Archive): string | null {
  const pairs = differences.map(({ kind, published: ours, rebuilt }) =>
    kind === 'mode' && ours !== null && rebuilt !== null ? [ours.mode, rebuilt.mode] : null,
  );
  if (pairs.length === 0) return null;
  const files = published.entries.filter(({ type }) => type === 'file');
  const isAlike = files.length >= FEWEST_ALIKE && files.every(({ mode }) => mode === pairs[0]?.[0]);
  const fits = PERMISSIONS.find(
    ({ of, ofAll }) =>
      (isAlike || !ofAll) && pairs.every((pair) => pair !== null && pair[0] === of(pair[1] ?? 0)),
  );
  return fits?.mode ?? null;
}

/** The folders in which all the differing files lie, where the commit has none of them; else null. */
export function madeFolders(
  differences: readonly Difference[],
  { directory, tree }: Pick<Source, 'directory' | 'tree'>,
): readonly string[] | null {
  const folders = [...new Set(differences.map(({ path }) => path.slice(0, path.indexOf('/') + 1)))];
  const isMade = (folder: string) =>
    /^[\w.]/.test(folder) && !tree.some(({ path }) => path.startsWith(join(directory, folder)));
  return folders.every(isMade) ? folders.map((folder) => folder.slice(0, -1)) : null;
}

/** Gives all files of some folders of a package's directory other permissions. */
export function permissionsStep(
  mode: string,
  { directory, folders }: { readonly directory: string; readonly folders: readonly string[] },
): Step {
  const files = ['-type', 'f', '-not', '-path', '*/node_modules/*', '-not', '-path', './.git/*'];
  return toolStep({
    name: `chmod ${mode}`,
    phase: 'build',
    argv: ['find', ...folders, ...files, '-exec', 'chmod', mode, '{}', '+'],
    directory,
    manager: 'npm',
  });
}
