import type { TreeFile } from '../../src/model/source.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** A package of a repository. */
export interface Member {
  readonly directory: string;
  readonly manifest: Manifest;
}

/** More packages than a repository that people build has; reading each costs a git process. */
const MOST_MEMBERS = 400;
const NOT_MEMBERS =
  /(^|\/)(node_modules|fixtures?|__fixtures__|__tests__|tests?|examples?|templates?|playground)\//;

/** More manifests than a repository that people build has. */
const MOST_MANIFESTS = 500;

/** The manifests of a repository that an install may go by. */
export async function repositoryManifests(options: {
  readonly source: { readonly tree: readonly TreeFile[] };
  readText(file: string): Promise<string | null>;
}): Promise<readonly Manifest[]> {
  const files = options.source.tree
    .map(({ path }) => path)
    .filter((path) => path === 'package.json' || path.endsWith('/package.json'))
    .filter((path) => !/(^|\/)(node_modules|fixtures?|__fixtures__)\//.test(path))
    .slice(0, MOST_MANIFESTS);
  const texts = await Promise.all(files.map((file) => options.readText(file)));
  return texts.flatMap((text) => (text === null ? [] : (parseManifest(text) ?? [])));
}

/** The packages of a repository by name; of several with one name, the one nearest to the root. */
export async function members(options: {
  readonly tree: readonly TreeFile[];
  readText(file: string): Promise<string | null>;
}): Promise<ReadonlyMap<string, Member>> {
  const files = options.tree
    .map(({ path }) => path)
    .filter((path) => path.endsWith('/package.json') && !NOT_MEMBERS.test(path))
    .toSorted((a, b) => a.split('/').length - b.split('/').length)
    .slice(0, MOST_MEMBERS);
  const texts = await Promise.all(files.map((file) => options.readText(file)));
  const found = new Map<string, Member>();
  texts.forEach((text, index) => {
    const manifest = text === null ? null : parseManifest(text);
    const directory = (files[index] ?? '').replace(/\/package\.json$/, '');
    if (manifest?.name == null || found.has(manifest.name)) return;
    found.set(manifest.name, { directory, manifest });
  });
  return found;
}

/**
 * The members that a package needs to be built, directly or not, each after those that it needs itself. Cycles are cut
 * where they close; the package itself is not in the list.
 */
export function neededMembers(manifest: Manifest, all: ReadonlyMap<string, Member>): readonly Member[] {
  const ordered: Member[] = [];
  const seen = new Set<string>(manifest.name === null ? [] : [manifest.name]);
  const visit = (one: Manifest): void => {
    const names = [one.dependencies, one.devDependencies, one.peerDependencies].flatMap(Object.keys);
    for (const name of names) {
      const member = all.get(name);
      if (member === undefined || seen.has(name)) continue;
      seen.add(name);
      visit(member.manifest);
      ordered.push(member);
    }
  };
  visit(manifest);
  return ordered;
}
