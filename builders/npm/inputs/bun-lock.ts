import { z } from 'zod';
import { type InputFormat, type Reading, Unreadable } from '../../../src/inputs/format.ts';
import { type Graph, shortestWays, wayTo, type Way } from '../../../src/inputs/graph.ts';
import type { JsonText } from '../../../src/inputs/json.ts';
import { Sorted, type Stated } from '../../../src/inputs/sorted.ts';
import { DEPENDENCY_TABLES } from './manifest-tables.ts';
import { namesIn } from './npm-package.ts';
import { NPM_RULES } from './origin.ts';

const Tables = z.object({
  ...DEPENDENCY_TABLES,
  optionalPeers: z.array(z.string()).optional(),
});
type Tables = z.output<typeof Tables>;

const Lockfile = z.object({
  lockfileVersion: z.unknown().optional(),
  workspaces: z.record(z.string(), Tables).default({}),
  packages: z.record(z.string(), z.array(z.unknown()).min(1)).default({}),
});

const KNOWN: readonly unknown[] = [0, 1, 2];

/** `bun.lock`, the lockfile of bun as text. */
export const BUN_LOCK: InputFormat = {
  title: "bun's bun.lock (versions 0 to 2)",
  fileNames: ['bun.lock'],
  recognises: ({ json }) =>
    typeof json?.value === 'object' &&
    json.value !== null &&
    'workspaces' in json.value &&
    'lockfileVersion' in json.value,
  read(input) {
    const json = input.json as JsonText;
    const lock = topOf(json);
    if (!KNOWN.includes(lock.lockfileVersion))
      throw new Unreadable(
        `It has lockfileVersion ${JSON.stringify(lock.lockfileVersion)}; versions ${KNOWN.join(', ')} are known.`,
        json.lineOf(['lockfileVersion']),
      );
    const tree = treeOf(lock);
    const production = new Set(shortestWays(graphOf(tree, { development: false })).keys());
    const direct = new Set(graphOf(tree, { development: true }).projects.flatMap(({ keys }) => keys));
    const sorted = new Sorted(NPM_RULES);
    for (const [key, one] of tree.packages)
      sorted.add(statedOf({ key, one, direct: direct.has(key), dev: !production.has(key) }));
    const { entries, leftOut, warnings } = sorted;
    const format = `bun.lock, version ${String(lock.lockfileVersion)}`;
    return { format, entries, leftOut, warnings, locate: locator(json, tree) };
  },
};

/** The older lockfile of bun, of which only bun itself knows the format. */
export const BUN_BINARY_LOCK: InputFormat = {
  title: '',
  fileNames: ['bun.lockb'],
  recognises: ({ fileName, text }) =>
    fileName === 'bun.lockb' || text.startsWith('#!/usr/bin/env bun\nbun-lockfile-format'),
  read() {
    throw new Unreadable(
      'It is a binary lockfile of bun, which only bun reads: "bun install --save-text-lockfile --lockfile-only" makes a bun.lock of it.',
    );
  },
};

function topOf(json: JsonText): z.output<typeof Lockfile> {
  const { data, error } = Lockfile.safeParse(json.value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map(String);
  throw new Unreadable(`${path.join('.')}: ${issue?.message ?? ''}.`, json.lineOf(path));
}

interface Package {
  /** `name@version`, or `name@` and an address. */
  readonly identifier: string;
  readonly tables: Tables;
  /** The address of the archive; empty for the default one. */
  readonly address: string;
  readonly integrity: string | null;
}

interface Tree {
  readonly workspaces: ReadonlyMap<string, Tables>;
  /** By the names on the way to the folder that it is installed in, with `/` between. */
  readonly packages: ReadonlyMap<string, Package>;
}

function treeOf({ workspaces, packages }: z.output<typeof Lockfile>): Tree {
  return {
    workspaces: new Map(Object.entries(workspaces)),
    packages: new Map(Object.entries(packages).map(([key, parts]) => [key, packageOf(parts)])),
  };
}

/** What stands behind the identifier depends on where a package comes from (oven-sh/bun, src/install/lockfile/bun.lock.zig). */
function packageOf([identifier, ...rest]: readonly unknown[]): Package {
  const texts = rest.filter((part) => typeof part === 'string');
  const tables = rest.find((part) => typeof part === 'object' && part !== null);
  return {
    identifier: String(identifier),
    tables: Tables.safeParse(tables ?? {}).data ?? Tables.parse({}),
    address: typeof rest[0] === 'string' ? rest[0] : '',
    integrity: texts.find((text) => /^(?:sha512|sha384|sha256|sha1)-/.test(text)) ?? null,
  };
}

interface Placed {
  readonly key: string;
  readonly one: Package;
  readonly direct: boolean;
  readonly dev: boolean;
}

function statedOf({ key, one, direct, dev }: Placed): Stated {
  const { name, wanted } = splitIdentifier(one.identifier);
  const isVersion = /^\d/.test(wanted);
  return {
    key,
    name,
    version: isVersion ? wanted : null,
    installedAs: lastName(key),
    // Of another registry bun may keep the address of the registry alone.
    resolved: isVersion ? archiveOf(name, wanted, one.address) : wanted,
    integrity: one.integrity,
    direct,
    dev,
    optional: null,
    peer: null,
  };
}

function archiveOf(name: string, version: string, address: string): string | null {
  if (address === '' || address.endsWith('.tgz')) return address === '' ? null : address;
  return `${address.replace(/\/$/, '')}/${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
}

function splitIdentifier(identifier: string): { readonly name: string; readonly wanted: string } {
  const at = identifier.indexOf('@', 1);
  return at === -1
    ? { name: identifier, wanted: '' }
    : { name: identifier.slice(0, at), wanted: identifier.slice(at + 1) };
}

/** `a/@scope/b` is `@scope/b`, installed inside `a`. */
function lastName(key: string): string {
  return /(?:^|\/)((?:@[^/]+\/)?[^/]+)$/.exec(key)?.[1] ?? key;
}

function graphOf(tree: Tree, { development }: { readonly development: boolean }): Graph {
  const keysOf = (key: string, tables: Tables, own: boolean) => {
    const {
      dependencies,
      optionalDependencies,
      devDependencies,
      peerDependencies,
      optionalPeers = [],
    } = tables;
    const names = [
      dependencies,
      optionalDependencies,
      own && development ? devDependencies : undefined,
    ].flatMap(namesIn);
    // Peers that may be missing are there because somebody else asks for them.
    const peers = namesIn(peerDependencies).filter((name) => !optionalPeers.includes(name));
    return [...names, ...peers].flatMap((name) => resolveFrom(key, name, tree) ?? []);
  };
  return {
    projects: [...tree.workspaces].map(([folder, tables]) => ({
      name: folder === '' ? '.' : folder,
      keys: keysOf(folder === '' ? '' : keyOfWorkspace(folder, tree), tables, true),
    })),
    dependenciesOf(key) {
      const one = tree.packages.get(key);
      return one === undefined ? [] : keysOf(key, one.tables, false);
    },
  };
}

function keyOfWorkspace(folder: string, { packages }: Tree): string {
  const found = [...packages].find(([, { identifier }]) => identifier.endsWith(`@workspace:${folder}`));
  return found?.[0] ?? '';
}

function resolveFrom(key: string, name: string, { packages }: Tree): string | null {
  for (let folder = key; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (packages.has(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return packages.has(name) ? name : null;
}

function locator(json: JsonText, tree: Tree): Reading['locate'] {
  let ways: ReadonlyMap<string, Way> | null = null;
  return (key) => {
    ways ??= shortestWays(graphOf(tree, { development: true }));
    return {
      line: json.lineOf(['packages', key]),
      project: ways.get(key)?.project ?? '.',
      path: wayTo(key, ways).map((step) => tree.packages.get(step)?.identifier ?? step),
    };
  };
}
