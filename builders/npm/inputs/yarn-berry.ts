import { type InputFormat, type Reading, Unreadable } from '../../../src/inputs/format.ts';
import { shortestWays, wayTo, type Way } from '../../../src/inputs/graph.ts';
import { Sorted, type Stated } from '../../../src/inputs/sorted.ts';
import { type Block, member, parseBlocks, textOf } from './blocks.ts';
import { readManifestTables } from './manifest-tables.ts';
import { namesIn } from './npm-package.ts';
import { NPM_RULES } from './origin.ts';

const OLDEST = 4;
const NEWEST = 10;

/** `yarn.lock` of yarn 2 and later. */
export const YARN_BERRY_LOCK: InputFormat = {
  title: `yarn's yarn.lock (berry: versions ${OLDEST} to ${NEWEST})`,
  fileNames: ['yarn.lock'],
  recognises: ({ text }) => /^__metadata:/m.test(text),
  read({ text, manifest }) {
    const [document] = parseBlocks(text);
    const metadata = member(document ?? null, '__metadata');
    const version = Number(textOf(metadata, 'version') ?? Number.NaN);
    if (!Number.isInteger(version) || version < OLDEST || version > NEWEST)
      throw new Unreadable(
        `It has version ${JSON.stringify(textOf(metadata, 'version'))}; versions ${OLDEST} to ${NEWEST} are known.`,
        metadata?.line ?? null,
      );
    const lock = lockOf(document?.children.filter(({ key }) => key !== '__metadata') ?? []);
    const needed = neededInProduction(lock, manifest);
    const direct = new Set(lock.projects.flatMap((project) => [...keysOf(project, lock)]));
    const sorted = new Sorted(NPM_RULES);
    for (const block of lock.packages) {
      const stated = statedOf(block);
      const dev = needed === null ? null : !needed.has(block.key);
      sorted.add({ ...stated, direct: direct.has(block.key), dev, optional: null });
    }
    const { entries, leftOut, warnings } = sorted;
    return { format: `yarn.lock, version ${version}`, entries, leftOut, warnings, locate: locator(lock) };
  },
};

interface Lock {
  readonly packages: readonly Block[];
  readonly projects: readonly Block[];
  /** By each descriptor, `name@npm:range`, that a package satisfies. */
  readonly byDescriptor: ReadonlyMap<string, Block>;
}

function lockOf(packages: readonly Block[]): Lock {
  const byDescriptor = new Map<string, Block>();
  for (const block of packages) {
    for (const descriptor of block.key.split(/,\s*/)) {
      if (byDescriptor.has(descriptor))
        throw new Unreadable(`The key ${JSON.stringify(descriptor)} is there twice.`, block.line);
      byDescriptor.set(descriptor, block);
    }
  }
  // Folders and patches are bound to who asks for them (`::locator=...`), but are asked for without that.
  for (const [descriptor, block] of [...byDescriptor]) {
    const [unbound = ''] = descriptor.split('::', 1);
    if (!byDescriptor.has(unbound)) byDescriptor.set(unbound, block);
  }
  return {
    packages,
    byDescriptor,
    projects: packages.filter((block) => referenceOf(block)?.startsWith('workspace:')),
  };
}

/** The part of a resolution behind the name, for example `npm:1.0.0`. */
function referenceOf(block: Block): string | null {
  return splitLocator(textOf(block, 'resolution') ?? '')?.reference ?? null;
}

function splitLocator(locator: string): { readonly name: string; readonly reference: string } | null {
  const at = locator.indexOf('@', 1);
  return at === -1 ? null : { name: locator.slice(0, at), reference: locator.slice(at + 1) };
}

/** Its checksum is that of yarn's own archive of the package, not of the published one: it is no integrity. */
function statedOf(block: Block): Omit<Stated, 'direct' | 'dev' | 'optional'> {
  const resolution = textOf(block, 'resolution');
  const locator = splitLocator(resolution ?? '');
  if (locator === null)
    throw new Unreadable(`${JSON.stringify(block.key)} has no resolution that can be read.`, block.line);
  const { name, reference } = locator;
  const [, version] = /^npm:([^:]+)/.exec(reference) ?? [];
  return {
    key: block.key,
    name,
    version: version ?? textOf(block, 'version'),
    installedAs: splitLocator(block.key)?.name ?? name,
    resolved: version === undefined ? reference : archiveUrlIn(reference),
    integrity: null,
    peer: null,
  };
}

/** Registries whose archives are elsewhere than expected: `npm:1.0.0::__archiveUrl=<encoded address>`. */
function archiveUrlIn(reference: string): string | null {
  const parameters = reference.indexOf('::');
  return parameters === -1 ? null : new URLSearchParams(reference.slice(parameters + 2)).get('__archiveUrl');
}

function* keysOf(block: Block, { byDescriptor }: Lock): Generator<string> {
  for (const { key: name, value } of member(block, 'dependencies')?.children ?? []) {
    const found = find(name, value ?? '', byDescriptor);
    if (found !== null) yield found;
  }
  const [, patched] = /^patch:([^#]+)/.exec(referenceOf(block) ?? '') ?? [];
  const base = patched === undefined ? null : splitLocator(decodeURIComponent(patched));
  const found = base === null ? null : find(base.name, base.reference, byDescriptor);
  if (found !== null) yield found;
}

/** Before version 8 ranges stand without `npm:`. */
function find(name: string, range: string, byDescriptor: Lock['byDescriptor']): string | null {
  const descriptors = [`${name}@${range}`, `${name}@npm:${range}`];
  const exact = descriptors.map((one) => byDescriptor.get(one)).find((one) => one !== undefined);
  return exact?.key ?? null;
}

function waysIn(lock: Lock): ReadonlyMap<string, Way> {
  return shortestWays({
    projects: lock.projects.map((project) => ({ name: folderOf(project), keys: [...keysOf(project, lock)] })),
    dependenciesOf(key) {
      const block = lock.byDescriptor.get(key.split(/,\s*/)[0] ?? '');
      return block === undefined ? [] : keysOf(block, lock);
    },
  });
}

function folderOf(project: Block): string {
  return referenceOf(project)?.slice('workspace:'.length) ?? '.';
}

/** The lockfile puts both kinds into one table; the manifest tells them apart, unless there are others in the workspace. */
function neededInProduction(lock: Lock, manifest: string | null): ReadonlySet<string> | null {
  const tables = readManifestTables(manifest);
  const [project, ...others] = lock.projects;
  if (tables === null || project === undefined || others.length > 0) return null;
  const production = new Set([...namesIn(tables.dependencies), ...namesIn(tables.optionalDependencies)]);
  const dependencies =
    member(project, 'dependencies')?.children.filter(({ key }) => production.has(key)) ?? [];
  const children = [{ key: 'dependencies', line: 1, value: null, children: dependencies }];
  return new Set(
    waysIn({
      ...lock,
      projects: [
        {
          ...project,
          children: [...children, ...project.children.filter(({ key }) => key === 'resolution')],
        },
      ],
    }).keys(),
  );
}

function locator(lock: Lock): Reading['locate'] {
  let ways: ReadonlyMap<string, Way> | null = null;
  const label = (key: string) => {
    const block = lock.byDescriptor.get(key.split(/,\s*/)[0] ?? '');
    const stated = block === undefined ? null : statedOf(block);
    return stated === null ? key : `${stated.name}@${stated.version ?? ''}`;
  };
  return (key) => {
    ways ??= waysIn(lock);
    const block = lock.byDescriptor.get(key.split(/,\s*/)[0] ?? '');
    const isProject = block !== undefined && lock.projects.includes(block);
    return {
      line: block?.line ?? 1,
      project: isProject ? folderOf(block) : (ways.get(key)?.project ?? '.'),
      path: wayTo(key, ways).map(label),
    };
  };
}
