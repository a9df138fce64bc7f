import { z } from 'zod';
import { Unreadable } from '../../../src/inputs/format.ts';
import type { JsonText } from '../../../src/inputs/json.ts';
import { DEPENDENCY_TABLES } from './manifest-tables.ts';

/** Fields of one package, as npm has written them since version 2 (npm/arborist, lib/shrinkwrap.js). */
const Package = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  peer: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  ...DEPENDENCY_TABLES,
});
export type LockedPackage = z.output<typeof Package>;

/** A package, and where it stands in the file. */
export interface Located {
  readonly value: LockedPackage;
  readonly at: readonly (string | number)[];
}

/** Packages by the folder that they are installed in; the project's own has the empty name. */
export type Tree = ReadonlyMap<string, Located>;

export const FOLDER = 'node_modules/';

/** @throws Unreadable when a field is of another kind than npm's */
export function packageOf(value: unknown, at: Located['at'], json: JsonText): LockedPackage {
  const { data, error } = Package.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const place = [JSON.stringify(at.at(-1)), ...(issue?.path ?? [])].join('.');
  throw new Unreadable(`${place}: ${issue?.message ?? 'It cannot be read'}.`, json.lineOf(at));
}

/** The keys of a table of dependencies. */
export function namesIn(table: unknown): readonly string[] {
  return typeof table === 'object' && table !== null ? Object.keys(table) : [];
}

/** Under which name a package is installed. */
export function nameAt(location: string): string {
  return location.slice(location.lastIndexOf(FOLDER) + FOLDER.length);
}

/** The root and every folder of the user's own. */
export function* projectsOf(tree: Tree): Generator<readonly [folder: string, Located]> {
  for (const entry of tree) if (!entry[0].includes(FOLDER)) yield entry;
}

/** What a project's folder asks for. */
export function* ownDependencies(folder: string, value: LockedPackage, tree: Tree): Generator<string> {
  yield* dependenciesAt(folder, value, tree);
  yield* resolved(folder, value.devDependencies, tree);
}

/** What an installed package asks for, as far as it is there. */
export function* dependenciesAt(location: string, value: LockedPackage, tree: Tree): Generator<string> {
  yield* resolved(location, value.dependencies, tree);
  yield* resolved(location, value.optionalDependencies, tree);
  yield* resolved(location, value.peerDependencies, tree);
}

function* resolved(location: string, table: unknown, tree: Tree): Generator<string> {
  for (const name of namesIn(table)) {
    const found = resolveFrom(location, name, tree);
    if (found !== null) yield found;
  }
}

/** Where Node finds a package: in the folder itself, else in those above it. */
function resolveFrom(location: string, name: string, tree: Tree): string | null {
  for (let folder = location; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const candidate = `${folder}/${FOLDER}${name}`;
    if (tree.has(candidate)) return candidate;
  }
  const candidate = `${FOLDER}${name}`;
  return tree.has(candidate) ? candidate : null;
}
