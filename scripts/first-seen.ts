/**
 * Makes `builders/npm/registry/first-seen.txt` from the histories of many repositories: when versions of popular packages were
 * there, for registries that do not tell (docs/registry-proxy.md).
 *
 *     node scripts/first-seen.ts REPOSITORY... > builders/npm/registry/first-seen.txt
 *
 * A manifest or lockfile that names a version, alone or as the lowest of a range, proves that it was there when it was committed. The
 * time of a version is that of the second repository to name it, since one clock can be wrong; a copy of a repository counts once.
 * A line of the file is a package and, lowest first, `version=day`: it was there when that day began (UTC). A version is left out when
 * a higher one of its major line tells as much to a day, and so is a package that fewer than 15 repositories know.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import semver from 'semver';

const ENOUGH_REPOSITORIES = 15;
const DAY_MS = 24 * 3_600_000;
const FILES = ['package.json', 'packages/*/package.json', 'package-lock.json', 'yarn.lock', 'pnpm-lock.yaml'];
const NAME = String.raw`((?:@[\w.~-]+/)?[\w.~-]+)`;
const VERSION = String.raw`(\d+\.\d+\.\d+)`;
/** How an added line names a package and a version. */
const NAMED = [
  // A range of a manifest.
  String.raw`\s*"${NAME}": "[~^]?${VERSION}"`,
  // The address of an archive, in the lockfiles of npm and yarn 1.
  String.raw`.*?/${NAME}/-/[\w.~-]+?-${VERSION}\.tgz`,
  // Yarn 2 and later.
  String.raw`.*resolution: "${NAME}@npm:${VERSION}"`,
  // pnpm.
  String.raw`\s+['"]?/?${NAME}[@/]${VERSION}(?:\(.*)?['"]?:`,
].map((expression) => new RegExp(String.raw`^\+${expression}`));

/** Name to version to when each repository named it first, ms since the epoch. */
const seen = new Map<string, Map<string, number[]>>();
for (const repository of process.argv.slice(2))
  for (const [key, time] of await firstNamed(repository)) {
    const [name = '', version = ''] = key.split(' ');
    const versions = seen.get(name) ?? new Map<string, number[]>();
    seen.set(name, versions.set(version, [...(versions.get(version) ?? []), time]));
  }
const sorted = [...seen].sort(([a], [b]) => (a < b ? -1 : 1));
console.log(sorted.flatMap(([name, versions]) => lineOf(name, versions)).join('\n'));

/** `name version` to the time of the earliest commit that names it. */
async function firstNamed(repository: string): Promise<ReadonlyMap<string, number>> {
  const what = ['--branches', '--tags', '-p', '-U0', '--no-renames', '--format=time %ct', '--', ...FILES];
  const git = spawn('git', ['-C', repository, 'log', ...what], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = new Map<string, number>();
  let time = 0;
  for await (const line of createInterface({ input: git.stdout })) {
    if (line.startsWith('time ')) time = Number(line.slice('time '.length)) * 1000;
    if (!line.startsWith('+')) continue;
    const [, name, version] =
      NAMED.map((expression) => expression.exec(line)).find((one) => one !== null) ?? [];
    if (name === undefined || version === undefined || semver.valid(version) === null) continue;
    const key = `${name} ${version}`;
    found.set(key, Math.min(time, found.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return found;
}

function lineOf(name: string, versions: ReadonlyMap<string, readonly number[]>): readonly string[] {
  const repositories = Math.max(...[...versions.values()].map((times) => new Set(times).size));
  if (repositories < ENOUGH_REPOSITORIES) return [];
  /** Major version to the time that is told of the versions from this one on. */
  const told = new Map<number, number>();
  const pairs: string[] = [];
  for (const version of semver.rsort([...versions.keys()])) {
    const [, second] = [...new Set(versions.get(version))].sort((a, b) => a - b);
    const major = semver.major(version);
    if (second === undefined || second + DAY_MS >= (told.get(major) ?? Number.POSITIVE_INFINITY)) continue;
    told.set(major, second);
    const day = new Date(Math.ceil(second / DAY_MS) * DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length);
    pairs.unshift(`${version}=${day}`);
  }
  return pairs.length === 0 ? [] : [`${name} ${pairs.join(' ')}`];
}
