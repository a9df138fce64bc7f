import semver from 'semver';
import type { PackageDocument, RawVersion } from '../registry/document.ts';
import type { Snapshot } from './time-doctor.ts';

/** The media type of npm's abbreviated documents. */
export const INSTALL_TYPE = 'application/vnd.npm.install-v1+json';

/** What the abbreviated form keeps of a version (npm/registry, docs/responses/package-metadata.md). */
const ABBREVIATED = [
  'name',
  'version',
  'deprecated',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'acceptDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'bin',
  'directories',
  'dist',
  'engines',
  'os',
  'cpu',
  'libc',
  'funding',
  '_hasShrinkwrap',
  'hasInstallScript',
];

export interface ViewOptions {
  /** Where the sandbox finds the proxy, without a final slash. */
  readonly origin: string;
  readonly abbreviated: boolean;
  /** Packages on which nothing may depend, since they are not to be had. */
  readonly leftOut: ReadonlySet<string>;
}

/** A package document as it was at the cutoff, with artifacts at the proxy's own address. */
export function documentView(document: PackageDocument, past: Snapshot, options: ViewOptions): object {
  const times = [...past.kept].map(([version, time]) => [version, new Date(time).toISOString()] as const);
  const stamps = times.map(([, time]) => time).sort();
  const modified = stamps.at(-1) ?? null;
  const versions = [...document.versions]
    .filter(([version]) => past.kept.has(version))
    .map(([version, raw]) => [version, versionView(document.name, version, raw, options)] as const);
  const common = {
    _id: document.name,
    name: document.name,
    'dist-tags': Object.fromEntries(tagsAt(document, past)),
    versions: Object.fromEntries(versions),
  };
  if (options.abbreviated) return { ...common, modified };
  return { ...common, time: { created: stamps[0], modified, ...Object.fromEntries(times) } };
}

/** One version's document, its artifact at the proxy's own address. */
export function versionView(name: string, version: string, raw: RawVersion, options: ViewOptions): object {
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const dist = { ...(raw['dist'] as object | undefined), tarball: `${options.origin}/${name}/-/${file}` };
  const reachable = {
    ...raw,
    ...Object.fromEntries(TABLES.map((key) => [key, reachableOf(raw[key], options.leftOut)])),
  };
  if (!options.abbreviated) return { ...reachable, dist };
  const kept = ABBREVIATED.filter((key) => reachable[key] !== undefined).map(
    (key) => [key, reachable[key]] as const,
  );
  return { ...Object.fromEntries(kept), ...(hasInstallScript(raw) && { hasInstallScript: true }), dist };
}

/** What an install of a package follows. */
const TABLES = ['dependencies', 'optionalDependencies'] as const;
/** A dependency that no registry serves: a git repository, a URL, a GitHub short form. */
export const ELSEWHERE = /^(?:git|https?:|github:|gitlab:|bitbucket:|[\w.-]+\/[\w.-]+(?:#|$))/;

/** `"x": "npm:y@range"`: y under the name of x. */
const ALIAS = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@|$)/;

/** Dependencies of a dependency; for those outside of every registry the registry's own package of the name stands in. */
function reachableOf(table: unknown, leftOut: ReadonlySet<string>): unknown {
  if (typeof table !== 'object' || table === null) return table;
  const ranges = Object.entries(table).filter(
    ([name, range]) => !leftOut.has(name) && !leftOut.has(ALIAS.exec(String(range))?.[1] ?? ''),
  );
  return Object.fromEntries(
    ranges.map(([name, range]) => [
      name,
      typeof range === 'string' && ELSEWHERE.test(range) ? '*' : (range as unknown),
    ]),
  );
}

/** `latest` as it may have been: the true one if it is kept, else the highest release kept that is not above it. */
export function tagsAt(document: PackageDocument, past: Snapshot): ReadonlyMap<string, string> {
  const tags = new Map([...document.distTags].filter(([, version]) => past.kept.has(version)));
  if (tags.has('latest') || past.kept.size === 0) return tags;
  const truth = document.distTags.get('latest');
  const ascending = semver.sort([...past.kept.keys()], { loose: true });
  const releases = ascending.filter((version) => semver.prerelease(version, { loose: true }) === null);
  const below = releases.filter((version) => truth === undefined || !isAbove(version, truth));
  const latest = below.at(-1) ?? releases.at(-1) ?? ascending.at(-1);
  if (latest !== undefined) tags.set('latest', latest);
  return tags;
}

function isAbove(version: string, other: string): boolean {
  return semver.valid(other, { loose: true }) !== null && semver.gt(version, other, { loose: true });
}

function hasInstallScript(raw: RawVersion): boolean {
  const scripts = raw['scripts'];
  if (typeof scripts !== 'object' || scripts === null) return false;
  return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts);
}
