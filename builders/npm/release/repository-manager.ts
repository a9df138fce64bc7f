import type { CommitFiles } from './commit-files.ts';
import { insideRepository } from './paths.ts';
import type { ManagerName, PackageManager } from './recipe.ts';

const LOCKFILES: readonly (readonly [file: string, name: ManagerName])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/** The package manager that a repository states (corepack's `packageManager`), else the one whose lockfile it has. */
export async function repositoryManager(
  files: CommitFiles,
  directory: string,
): Promise<PackageManager | null> {
  for (const place of directory === '.' ? ['.'] : [directory, '.']) {
    const text = (await files.manifest(place))?.packageManager ?? '';
    const [, name, version = null] = /^(npm|pnpm|yarn|bun)@([^+\s]{1,64})/.exec(text) ?? [];
    if (name === 'npm' || name === 'pnpm' || name === 'yarn' || name === 'bun') return { name, version };
  }
  for (const place of directory === '.' ? ['.'] : [directory, '.']) {
    const lock = LOCKFILES.find(([file]) => files.has(insideRepository(place, file) ?? file));
    if (lock !== undefined) return { name: lock[1], version: null };
  }
  return null;
}
