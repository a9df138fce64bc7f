import semver from 'semver';
import type { TreeFile } from '../../src/model/source.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { ManagerName } from './managers/manager.ts';
import { mentionedManagers } from './scripts.ts';

/** Where dependencies are installed, by whom, and by which lockfile. */
export interface InstallRoot {
  /** Directory inside the repository, `.` for its root. */
  readonly directory: string;
  readonly manifest: Manifest;
  readonly manager: ManagerName;
  /** The manager's own lockfile there; null when there is none. */
  readonly lockfile: Lockfile | null;
  /** Exact version of the Yarn that the repository brings along, as its file is called; null when it brings none. */
  readonly ownYarn: string | null;
  /** Whether it installs for the packages of other folders as well. */
  readonly hasWorkspaces: boolean;
}

interface Lockfile {
  readonly path: string;
  /** As it is written in the file; null when it says none. */
  readonly version: string | null;
}

interface LockfileKind {
  readonly name: string;
  readonly managers: readonly ManagerName[];
  /** Finds the version near the top; the rest, often megabytes, is not parsed for it. */
  readonly version: RegExp;
}

/** Of several lockfiles the first counts, unless the repository tells of a manager. */
const LOCKFILES: readonly LockfileKind[] = [
  { name: 'npm-shrinkwrap.json', managers: ['npm'], version: /"lockfileVersion"\s*:\s*(\d+)/ },
  { name: 'package-lock.json', managers: ['npm'], version: /"lockfileVersion"\s*:\s*(\d+)/ },
  { name: 'pnpm-lock.yaml', managers: ['pnpm'], version: /^lockfileVersion:\s*['"]?([\d.]+)/m },
  { name: 'yarn.lock', managers: ['yarn', 'berry'], version: /^__metadata:\s+version:\s*(\d+)/m },
  { name: 'bun.lock', managers: ['bun'], version: /"lockfileVersion"\s*:\s*(\d+)/ },
  { name: 'bun.lockb', managers: ['bun'], version: /$^/ },
];

export const LOCKFILE_NAMES: readonly string[] = LOCKFILES.map(({ name }) => name);

interface Place {
  /** Inside the repository, `.` for its root. */
  readonly directory: string;
  readonly tree: readonly TreeFile[];
  readonly readText: (file: string) => Promise<string | null>;
}

interface Context {
  readonly directory: string;
  readonly paths: ReadonlySet<string>;
  readonly readText: (file: string) => Promise<string | null>;
}

/**
 * The folder where dependencies have to be installed for a package of a repository: the nearest one, from the package's
 * own upwards, with a lockfile or with workspaces; else with development dependencies; else the package's own.
 */
export async function installRoot(place: Place): Promise<InstallRoot | null> {
  const context = contextOf(place);
  for (const directory of ancestors(place.directory)) {
    if (await isRoot(directory, context)) return describe(directory, context);
  }
  return describe(await withTools(context), context);
}

/** A folder as the one where dependencies are installed; null where it has no manifest. */
export async function rootAt(place: Place): Promise<InstallRoot | null> {
  return describe(place.directory, contextOf(place));
}

function contextOf({ directory, tree, readText }: Place): Context {
  return { directory, paths: new Set(tree.map((file) => file.path)), readText };
}

/** The package's own folder, or the nearest above it that brings the tools in where the package itself names none. */
async function withTools({ directory, readText }: Context): Promise<string> {
  for (const one of ancestors(directory)) {
    const manifest = await manifestIn(one, readText);
    if (Object.keys(manifest?.devDependencies ?? {}).length > 0) return one;
  }
  return directory;
}

async function isRoot(directory: string, { paths, directory: own, readText }: Context): Promise<boolean> {
  const marks = [...LOCKFILE_NAMES, 'pnpm-workspace.yaml'];
  if (marks.some((name) => paths.has(join(directory, name)))) return true;
  const manifest = await manifestIn(directory, readText);
  return directory !== own && (manifest?.workspaces.length ?? 0) > 0;
}

async function describe(directory: string, context: Context): Promise<InstallRoot | null> {
  const { paths, readText } = context;
  const manifest = await manifestIn(directory, readText);
  if (manifest === null) return null;
  const named = namedManager(manifest.packageManager);
  const ownYarn = yarnAt(await readText(join(directory, '.yarnrc.yml')));
  const isPnpm = paths.has(join(directory, 'pnpm-workspace.yaml'));
  const hasWorkspaces = isPnpm || manifest.workspaces.length > 0;
  const present = LOCKFILES.filter(({ name }) => paths.has(join(directory, name)));
  const told = [...(named === null ? [] : [named]), ...toldManagers(manifest, { isPnpm })];
  const [kind = present[0]] = told.flatMap((name) =>
    present.filter(({ managers }) => managers.includes(name)),
  );
  if (kind === undefined) {
    const manager = named ?? (isPnpm ? 'pnpm' : 'npm');
    return { directory, manifest, manager, lockfile: null, ownYarn, hasWorkspaces };
  }
  const path = join(directory, kind.name);
  const version = kind.version.exec(((await readText(path)) ?? '').slice(0, 4096))?.[1] ?? null;
  const lockfile = { path, version };
  return { directory, manifest, manager: managerOf(kind, version), lockfile, ownYarn, hasWorkspaces };
}

/** Yarn runs the file that `yarnPath` names in place of itself (https://yarnpkg.com/configuration/yarnrc#yarnPath). */
function yarnAt(settings: string | null): string | null {
  return (
    /^yarnPath:[ \t]*\S*\byarn-(\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[\w.]{1,32})?)\.c?js\b/m.exec(
      settings ?? '',
    )?.[1] ?? null
  );
}

/** Both yarns call their lockfile the same; only berry writes a version into it. */
function managerOf({ managers }: LockfileKind, version: string | null): ManagerName {
  const [first = 'npm', second] = managers;
  return second !== undefined && version !== null ? second : first;
}

/** The manager that `packageManager` names (https://nodejs.org/api/packages.html#packagemanager). */
function namedManager(text: string | null): ManagerName | null {
  const [, name, major = '0'] = /^(npm|pnpm|yarn|bun)@(\d{1,4})\./.exec(text ?? '') ?? [];
  if (name === 'yarn') return Number(major) >= 2 ? 'berry' : 'yarn';
  return name === 'npm' || name === 'pnpm' || name === 'bun' ? name : null;
}

/** The managers that a repository tells of without naming the one to use, most telling first. */
function toldManagers(
  { engines, scripts }: Manifest,
  { isPnpm }: { readonly isPnpm: boolean },
): readonly ManagerName[] {
  // What is no range asks for another one: "use pnpm".
  const asked = (['pnpm', 'yarn', 'bun'] as const).filter(
    (name) => engines[name] !== undefined && semver.validRange(engines[name]) !== null,
  );
  return [...asked, ...(isPnpm ? (['pnpm'] as const) : []), ...mentionedManagers(Object.values(scripts))];
}

async function manifestIn(directory: string, readText: Context['readText']): Promise<Manifest | null> {
  const text = await readText(join(directory, 'package.json'));
  return text === null ? null : parseManifest(text);
}

function ancestors(directory: string): readonly string[] {
  if (directory === '.') return ['.'];
  const parts = directory.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '.'];
}

/** A file of a directory of the repository. */
export function join(directory: string, file: string): string {
  return directory === '.' ? file : `${directory}/${file}`;
}
