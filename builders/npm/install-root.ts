import type { TreeFile } from '../../src/model/source.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** Where dependencies are installed, and by which lockfile. */
export interface InstallRoot {
  /** Directory inside the repository, `.` for its root. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** npm's own lockfile there; null when there is none. */
  readonly lockfile: { readonly path: string; readonly version: number | null } | null;
  /** A lockfile of another package manager; null when there is none. */
  readonly foreignLockfile: string | null;
}

const NPM_LOCKFILES = ['npm-shrinkwrap.json', 'package-lock.json'] as const;
const FOREIGN_LOCKFILES = ['pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'] as const;

/**
 * The folder where `npm install` has to run for a package of a repository: the nearest one, from the package's own
 * upwards, with a lockfile or with workspaces; else the package's own.
 */
export async function installRoot(context: {
  directory: string;
  tree: readonly TreeFile[];
  readText(file: string): Promise<string | null>;
}): Promise<InstallRoot | null> {
  const paths = new Set(context.tree.map((file) => file.path));
  const chain = ancestors(context.directory);
  const isRoot = async (directory: string) => {
    const all = [...NPM_LOCKFILES, ...FOREIGN_LOCKFILES].map((name) => join(directory, name));
    if (all.some((file) => paths.has(file))) return true;
    const manifest = await manifestIn(directory, context.readText);
    return directory !== context.directory && (manifest?.workspaces.length ?? 0) > 0;
  };
  for (const directory of chain) {
    if (await isRoot(directory)) return describe(directory, paths, context.readText);
  }
  return describe(context.directory, paths, context.readText);
}

async function describe(
  directory: string,
  paths: ReadonlySet<string>,
  readText: (file: string) => Promise<string | null>,
): Promise<InstallRoot | null> {
  const manifest = await manifestIn(directory, readText);
  if (manifest === null) return null;
  const own = NPM_LOCKFILES.map((name) => join(directory, name)).find((file) => paths.has(file));
  const foreign = FOREIGN_LOCKFILES.map((name) => join(directory, name)).find((file) => paths.has(file));
  const lockfile = own === undefined ? null : { path: own, version: lockfileVersion(await readText(own)) };
  return { directory, manifest, lockfile, foreignLockfile: foreign ?? null };
}

async function manifestIn(
  directory: string,
  readText: (file: string) => Promise<string | null>,
): Promise<Manifest | null> {
  const text = await readText(join(directory, 'package.json'));
  return text === null ? null : parseManifest(text);
}

/** The `lockfileVersion` near the top of a lockfile; the rest, often megabytes, is not parsed for it. */
function lockfileVersion(text: string | null): number | null {
  const match = /"lockfileVersion"\s*:\s*(\d+)/.exec((text ?? '').slice(0, 4096));
  return match?.[1] === undefined ? null : Number(match[1]);
}

function ancestors(directory: string): readonly string[] {
  if (directory === '.') return ['.'];
  const parts = directory.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '.'];
}

function join(directory: string, file: string): string {
  return directory === '.' ? file : `${directory}/${file}`;
}
