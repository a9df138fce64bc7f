import type { Difference } from '../../src/model/comparison.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Source } from '../../src/model/source.ts';
import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';

/**
 * What the permissions of a publisher's files can be where they are not those of a checkout under umask 022: another
 * umask, or a system that has no such permissions. Nothing here makes a file executable.
 */
const PERMISSIONS: readonly { readonly mode: string; of(checkedOut: number): number }[] = [
  { mode: 'g+w', of: (mode) => mode | 0o020 },
  { mode: 'go+w', of: (mode) => mode | 0o022 },
  { mode: 'a-x,go+w', of: (mode) => (mode & ~0o111) | 0o022 },
  { mode: 'a-x', of: (mode) => mode & ~0o111 },
  { mode: 'o-rwx', of: (mode) => mode & ~0o007 },
  { mode: 'go-rwx', of: (mode) => mode & ~0o077 },
];

/** How chmod(1) is told to give files the permissions that were published; null when that is not all that differs. */
export function publishedPermissions(differences: readonly Difference[]): string | null {
  const pairs = differences.map(({ kind, published, rebuilt }) =>
    kind === 'mode' && published !== null && rebuilt !== null ? [published.mode, rebuilt.mode] : null,
  );
  if (pairs.length === 0) return null;
  const fits = PERMISSIONS.find(({ of }) =>
    pairs.every((pair) => pair !== null && pair[0] === of(pair[1] ?? 0)),
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
