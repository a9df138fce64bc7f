import { type InputFormat, type Reading, Unreadable } from '../../../src/inputs/format.ts';
import { type Graph, shortestWays, wayTo, type Way } from '../../../src/inputs/graph.ts';
import { Sorted } from '../../../src/inputs/sorted.ts';
import type { LeftOutReason } from '../../../src/model/inputs.ts';
import { type Block, member, parseBlocks, textOf } from './blocks.ts';
import { NPM_RULES } from './origin.ts';
import { keysOfReference, readPnpmKey, withoutPeers } from './pnpm-keys.ts';

const KNOWN = /^(?:5(?:\.[0-4])?|6\.[01]|7\.0|9\.0)$/;

/** `pnpm-lock.yaml`, versions 5 to 9. */
export const PNPM_LOCK: InputFormat = {
  title: "pnpm's pnpm-lock.yaml (versions 5 to 9)",
  fileNames: ['pnpm-lock.yaml'],
  recognises: ({ text }) => /^lockfileVersion:/m.test(text) && !text.startsWith('{'),
  read({ text }) {
    const documents = parseBlocks(text).map(lockOf);
    if (documents.length === 0) throw new Unreadable('It is empty.');
    const sorted = new Sorted(NPM_RULES);
    for (const [index, lock] of documents.entries()) addPackages(lock, `${index} `, sorted);
    const { entries, leftOut, warnings } = sorted;
    const versions = [...new Set(documents.map(({ version }) => version))].join(' and ');
    return {
      format: `pnpm-lock.yaml, version ${versions}`,

      entries,
      leftOut,
      warnings,
      locate: locator(documents),
    };
  },
};

/** One document: since pnpm 11 what pnpm itself is configured with can stand before what the project needs. */
interface Lock {
  readonly version: string;
  readonly projects: readonly Block[];
  readonly packages: ReadonlyMap<string, Block>;
  /** From version 9 on: who needs what, once for each set of peers; before, the packages themselves. */
  readonly snapshots: ReadonlyMap<string, Block>;
}

const TABLES = ['dependencies', 'optionalDependencies', 'devDependencies'] as const;

function lockOf(document: Block): Lock {
  const versionBlock = member(document, 'lockfileVersion');
  const version = versionBlock?.value ?? '';
  if (!KNOWN.test(version))
    throw new Unreadable(
      `It has lockfileVersion ${JSON.stringify(version)}; versions 5.0 to 5.4, 6.0, 6.1, 7.0 and 9.0 are known.`,
      versionBlock?.line ?? null,
    );
  const packages = mapOf(member(document, 'packages'));
  const snapshots = member(document, 'snapshots');
  const importers = member(document, 'importers');
  return {
    version,
    // Without workspaces the project's tables stand at the top.
    projects: importers?.children ?? [{ ...document, key: '.' }],
    packages,
    snapshots: snapshots === null ? packages : mapOf(snapshots),
  };
}

function mapOf(block: Block | null): ReadonlyMap<string, Block> {
  return new Map(block?.children.map((child) => [child.key, child]));
}

function addPackages(lock: Lock, prefix: string, sorted: Sorted): void {
  const direct = new Set(lock.projects.flatMap((project) => keysIn(project, TABLES, lock)).map(withoutPeers));
  // Version 9 no longer says which are for development.
  const needed = lock.version.startsWith('9') ? neededInProduction(lock) : null;
  const optional = new Set(
    [...lock.snapshots].flatMap(([key, one]) =>
      textOf(one, 'optional') === 'true' ? [withoutPeers(key)] : [],
    ),
  );
  for (const [key, block] of lock.packages) {
    const resolution = member(block, 'resolution');
    const { name, version, reference } = readPnpmKey(key);
    const aliases = lock.version.startsWith('9') ? key : withoutPeers(key);
    const stated = {
      key: `${prefix}${key}`,
      name: textOf(block, 'name') ?? name ?? key,
      version: textOf(block, 'version') ?? version,
      installedAs: textOf(block, 'name') ?? name ?? key,
      resolved: addressIn(resolution) ?? reference,
      integrity: textOf(resolution, 'integrity'),
      direct: direct.has(aliases),
      dev: needed === null ? textOf(block, 'dev') === 'true' : !needed.has(key),
      optional: optional.has(aliases),
      peer: null,
    };
    sorted.add(stated, reasonOf(resolution));
  }
  addLinks(lock, prefix, sorted);
}

function addressIn(resolution: Block | null): string | null {
  const repository = textOf(resolution, 'repo');
  if (repository !== null) return `${repository}#${textOf(resolution, 'commit') ?? ''}`;
  return textOf(resolution, 'tarball');
}

/** Kinds of resolution that no registry serves (pnpm/pnpm, packages/lockfile.types). */
function reasonOf(resolution: Block | null): LeftOutReason | null {
  if (textOf(resolution, 'commit') !== null) return 'git';
  if (textOf(resolution, 'directory') !== null) return 'local-file';
  const type = textOf(resolution, 'type');
  return type === 'binary' || type === 'variations' ? 'remote-archive' : null;
}

/** Packages of the workspace stand only where they are asked for. */
function addLinks(lock: Lock, prefix: string, sorted: Sorted): void {
  for (const project of lock.projects) {
    for (const [name, reference] of referencesIn(project, TABLES)) {
      if (!reference.startsWith('link:')) continue;
      const link = {
        key: `${prefix}${project.key} ${name}`,
        name,
        version: null,
        installedAs: name,
        resolved: reference,
        integrity: null,
        direct: true,
        dev: null,
        optional: null,
        peer: null,
      };
      sorted.leave(link, isOfWorkspace(project, name, reference, lock) ? 'workspace' : 'link');
    }
  }
}

function isOfWorkspace(project: Block, name: string, reference: string, { projects }: Lock): boolean {
  const folder = new URL(
    reference.slice('link:'.length),
    `file:///${project.key === '.' ? '' : `${project.key}/`}`,
  );
  const path = decodeURIComponent(folder.pathname).replace(/^\/|\/$/g, '');
  return name !== '' && projects.some(({ key }) => key === path);
}

type Table = (typeof TABLES)[number];

/** Names and references of a project's or a package's tables. */
function referencesIn(
  block: Block,
  tables: readonly Table[],
): readonly (readonly [name: string, reference: string])[] {
  return tables.flatMap((table) =>
    (member(block, table)?.children ?? []).map(
      (one) => [one.key, one.value ?? textOf(one, 'version') ?? ''] as const,
    ),
  );
}

function keysIn(block: Block, tables: readonly Table[], { snapshots }: Lock): readonly string[] {
  return referencesIn(block, tables).flatMap(([name, reference]) => {
    const key = keysOfReference(name, reference).find((one) => snapshots.has(one));
    return key === undefined ? [] : [key];
  });
}

const INSTALLED = ['dependencies', 'optionalDependencies'] as const;

function graphOf(lock: Lock, tables: readonly Table[]): Graph {
  return {
    projects: lock.projects.map((project) => ({ name: project.key, keys: keysIn(project, tables, lock) })),
    dependenciesOf(key) {
      const block = lock.snapshots.get(key);
      return block === undefined ? [] : keysIn(block, INSTALLED, lock);
    },
  };
}

function neededInProduction(lock: Lock): ReadonlySet<string> {
  return new Set([...shortestWays(graphOf(lock, INSTALLED)).keys()].map(withoutPeers));
}

function locator(documents: readonly Lock[]): Reading['locate'] {
  const ways: (ReadonlyMap<string, Way> | undefined)[] = [];
  return (key) => {
    const space = key.indexOf(' ');
    const index = Number(key.slice(0, space));
    const place = key.slice(space + 1);
    const lock = documents[index] as Lock;
    const known = (ways[index] ??= shortestWays(graphOf(lock, TABLES)));
    const block = lock.packages.get(place);
    if (block === undefined) return placeOfLink(place, lock);
    // One package can be there once for each set of peers; the first way to any of them is as good as the others.
    const reached =
      [place, ...known.keys()].find((one) => known.has(one) && withoutPeers(one) === withoutPeers(place)) ??
      place;
    return {
      line: block.line,
      project: known.get(reached)?.project ?? '.',
      path: wayTo(reached, known).map(labelOf),
    };
  };
}

function labelOf(key: string): string {
  const { name, version, reference } = readPnpmKey(key);
  return name === null ? (reference ?? key) : `${name}@${version ?? reference ?? ''}`;
}

function placeOfLink(place: string, lock: Lock): ReturnType<Reading['locate']> {
  const space = place.lastIndexOf(' ');
  const project = lock.projects.find(({ key }) => key === place.slice(0, space));
  const name = place.slice(space + 1);
  const block = TABLES.map((table) => member(member(project ?? null, table), name)).find(
    (one) => one !== null,
  );
  return { line: block?.line ?? 1, project: project?.key ?? '.', path: [name] };
}
