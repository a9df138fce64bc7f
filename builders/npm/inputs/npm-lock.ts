import { z } from 'zod';
import { type InputFormat, type InputText, type Reading, Unreadable } from '../../../src/inputs/format.ts';
import { shortestWays, wayTo, type Way } from '../../../src/inputs/graph.ts';
import type { JsonText } from '../../../src/inputs/json.ts';
import { Sorted, type Stated } from '../../../src/inputs/sorted.ts';
import type { LeftOutReason } from '../../../src/model/inputs.ts';
import { readManifestTables } from './manifest-tables.ts';
import { flatten } from './npm-lock-v1.ts';
import {
  dependenciesAt,
  FOLDER,
  type Located,
  type LockedPackage,
  nameAt,
  ownDependencies,
  packageOf,
  projectsOf,
  type Tree,
} from './npm-package.ts';
import { NPM_RULES } from './origin.ts';

const Lockfile = z.object({
  lockfileVersion: z.unknown().optional(),
  packages: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});

const KNOWN: readonly unknown[] = [1, 2, 3];

/** `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3. */
export const NPM_LOCK: InputFormat = {
  title: "npm's package-lock.json and npm-shrinkwrap.json (versions 1 to 3)",
  fileNames: ['package-lock.json', 'npm-shrinkwrap.json'],
  // Of the others with a lockfileVersion only bun's says what workspaces there are.
  recognises: ({ json }) => hasField(json, 'lockfileVersion') && !hasField(json, 'workspaces'),
  read(input) {
    const json = input.json as JsonText;
    const { lockfileVersion, packages, dependencies = {} } = topOf(json);
    if (!KNOWN.includes(lockfileVersion))
      throw new Unreadable(
        `It has lockfileVersion ${JSON.stringify(lockfileVersion)}; versions ${KNOWN.join(', ')} are known.`,
        json.lineOf(['lockfileVersion']),
      );
    const older = lockfileVersion === 3 ? [] : flatten(dependencies, json);
    const version = Number(lockfileVersion);
    if (version === 1) return readingOf(input, { version, tree: withRoot(older, input), older: [] });
    if (packages === undefined) throw new Unreadable(`It has lockfileVersion ${version} and no "packages".`);
    const tree = new Map<string, Located>();
    for (const [location, value] of Object.entries(packages)) {
      const at = ['packages', location];
      tree.set(location, { value: packageOf(value, at, json), at });
    }
    return readingOf(input, { version, tree, older });
  },
};

function hasField(json: JsonText | null, name: string): boolean {
  return typeof json?.value === 'object' && json.value !== null && name in json.value;
}

function topOf(json: JsonText): z.output<typeof Lockfile> {
  const { data, error } = Lockfile.safeParse(json.value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw new Unreadable(`${(issue?.path ?? []).join('.')}: ${issue?.message ?? ''}.`);
}

/** Version 1 does not say what the project itself asks for; its manifest does. */
function withRoot(older: readonly (readonly [string, Located])[], { manifest }: InputText): Tree {
  const tables = readManifestTables(manifest);
  return new Map([...(tables === null ? [] : [['', { value: tables, at: [] }] as const]), ...older]);
}

interface Contents {
  readonly version: number;
  readonly tree: Tree;
  /** What the section of version 2 says that only npm 6 reads. */
  readonly older: readonly (readonly [location: string, package_: Located])[];
}

/** Behind the location of what only the older section says. */
const OLDER = '\u0000';

function readingOf(input: InputText, { version, tree, older }: Contents): Reading {
  const sorted = new Sorted(NPM_RULES);
  const direct = tree.has('') ? directLocations(tree) : null;
  const add = (location: string, key: string, { value }: Located) => {
    if (location.includes(FOLDER))
      sorted.add(statedOf({ location, key, value, direct }), reasonOf(location, value, tree));
  };
  for (const [location, one] of tree) add(location, location, one);
  const all = new Map(tree);
  for (const [location, one] of contradictions(tree, older)) {
    const key = `${location}${OLDER}`;
    all.set(key, one);
    add(location, key, one);
    const message = `"dependencies", which npm 6 reads, says another package for ${location} than "packages".`;
    sorted.warnings.push({ kind: 'sections-disagree', message, key });
  }
  const title = input.fileName === 'npm-shrinkwrap.json' ? input.fileName : 'package-lock.json';
  const { entries, leftOut, warnings } = sorted;
  return { format: `${title}, version ${version}`, entries, leftOut, warnings, locate: locator(input, all) };
}

interface Placed {
  readonly location: string;
  readonly key: string;
  readonly value: LockedPackage;
  /** Null when the file does not say. */
  readonly direct: ReadonlySet<string> | null;
}

function statedOf({ location, key, value, direct }: Placed): Stated {
  const installedAs = nameAt(location);
  return {
    key,
    name: value.name ?? installedAs,
    version: value.version ?? null,
    installedAs,
    resolved: value.resolved ?? null,
    integrity: value.integrity ?? null,
    direct: direct?.has(location) ?? null,
    dev: value.dev ?? false,
    optional: value.optional ?? false,
    peer: value.peer ?? false,
  };
}

function directLocations(tree: Tree): ReadonlySet<string> {
  const direct = new Set<string>();
  for (const [folder, { value }] of projectsOf(tree)) {
    for (const location of ownDependencies(folder, value, tree)) direct.add(location);
  }
  return direct;
}

/** Both sections of version 2 say the same when npm wrote them. Links and folders are written differently in each. */
function contradictions(tree: Tree, older: Contents['older']): Contents['older'] {
  return older.filter(([location, { value }]) => {
    const newer = tree.get(behindLinks(location, tree))?.value;
    if (newer === undefined) return true;
    if (newer.link === true || value.version === undefined) return false;
    const differs = (a: string | undefined, b: string | undefined) =>
      a !== undefined && b !== undefined && a !== b;
    return (
      newer.version !== value.version ||
      differs(newer.integrity, value.integrity) ||
      differs(newer.resolved, value.resolved)
    );
  });
}

/** The newer section has what is inside a linked folder at that folder, the older one at the link. */
function behindLinks(location: string, tree: Tree): string {
  const inside = location.lastIndexOf(`/${FOLDER}`);
  if (inside === -1) return location;
  const outer = behindLinks(location.slice(0, inside), tree);
  const link = tree.get(outer)?.value;
  return `${link?.link === true ? (link.resolved ?? outer) : outer}${location.slice(inside)}`;
}

function reasonOf(location: string, value: LockedPackage, tree: Tree): LeftOutReason | null {
  if (value.link === true) return isLinkedByProject(nameAt(location), tree) ? 'link' : 'workspace';
  return value.inBundle === true ? 'bundled' : null;
}

/** Workspaces are linked because they are there, other folders because a manifest says so. */
function isLinkedByProject(name: string, tree: Tree): boolean {
  return [...projectsOf(tree)].some(([, { value }]) =>
    [value.dependencies, value.devDependencies, value.optionalDependencies].some((table) => {
      const wanted = Object.entries(table ?? {}).find(([one]) => one === name)?.[1];
      return /^(?:file|link):/.test(String(wanted));
    }),
  );
}

function locator(input: InputText, tree: Tree): Reading['locate'] {
  let ways: ReadonlyMap<string, Way> | null = null;
  const label = (key: string) => {
    const value = tree.get(key)?.value;
    const name = value?.name ?? nameAt(placeOf(key));
    return value?.version === undefined ? name : `${name}@${value.version}`;
  };
  return (key) => {
    ways ??= waysIn(tree);
    const steps = wayTo(placeOf(key), ways).slice(0, -1);
    return {
      line: input.json?.lineOf(tree.get(key)?.at ?? []) ?? 1,
      project: ways.get(placeOf(key))?.project ?? '.',
      path: [...steps, key].map(label),
    };
  };
}

function placeOf(key: string): string {
  return key.endsWith(OLDER) ? key.slice(0, -OLDER.length) : key;
}

function waysIn(tree: Tree): ReadonlyMap<string, Way> {
  const projects = [...projectsOf(tree)].map(([folder, { value }]) => ({
    name: folder === '' ? '.' : folder,
    keys: [...ownDependencies(folder, value, tree)],
  }));
  // Without a root, whatever nobody else asks for is what the project asks for.
  return shortestWays({
    projects: projects.length > 0 ? projects : [{ name: '.', keys: unasked(tree) }],
    dependenciesOf(location) {
      const one = tree.get(location)?.value;
      if (one === undefined) return [];
      const target = one.link === true ? (one.resolved ?? location) : location;
      return dependenciesAt(target, tree.get(target)?.value ?? one, tree);
    },
  });
}

function unasked(tree: Tree): readonly string[] {
  const asked = new Set(
    [...tree].flatMap(([location, { value }]) => [...dependenciesAt(location, value, tree)]),
  );
  return [...tree.keys()].filter((location) => !asked.has(location));
}
