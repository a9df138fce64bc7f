/**
 * Makes `builders/npm/registry/first-seen.txt` from the histories of many repositories: when versions of popular packages were
 * there, for registries that do not tell (docs/registry-proxy.md).
 *
 *     node scripts/first-seen.ts REPOSITORY... > builders/npm/registry/first-seen.txt
 *
 * A manifest that names a version, alone or as the lowest of a range, proves that it was there when the manifest was committed. The
 * time of a version is that of the second repository to name it, since one clock can be wrong; a copy of a repository counts once.
 * A line of the file is a package and, lowest first, `version=hour` (UTC, rounded up). A version is left out when a higher one of its
 * major line was there as early, and so is a package that fewer than five repositories know.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import semver from 'semver';

const ENOUGH_REPOSITORIES = 5;
const HOUR_MS = 3_600_000;

/** Name to version to when each repository named it first, ms since the epoch. */
const seen = new Map<string, Map<string, number[]>>();
for (const repository of process.argv.slice(2))
  for (const [key, time] of await firstNamed(repository)) {
    const [name = '', version = ''] = key.split(' ');
    const versions = seen.get(name) ?? new Map<string, number[]>();
    seen.set(name, versions.set(version, [...(versions.get(version) ?? []), time]));
  }
const lines = [...seen]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .flatMap(([name, versions]) => lineOf(name, versions));
console.log(lines.join('\n'));

/** `name version` to the time of the earliest commit that names it. */
async function firstNamed(repository: string): Promise<ReadonlyMap<string, number>> {
  const range = ['--branches', '--tags', '--', 'package.json', 'packages/*/package.json'];
  const git = spawn(
    'git',
    ['-C', repository, 'log', '-p', '-U0', '--no-renames', '--format=time %ct', ...range],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const found = new Map<string, number>();
  let time = 0;
  for await (const line of createInterface({ input: git.stdout })) {
    if (line.startsWith('time ')) time = Number(line.slice('time '.length)) * 1000;
    const [, name, version] = /^\+\s*"((?:@[\w.~-]+\/)?[\w.~-]+)": "[~^]?(\d+\.\d+\.\d+)"/.exec(line) ?? [];
    if (name === undefined || version === undefined || semver.valid(version) === null) continue;
    const key = `${name} ${version}`;
    found.set(key, Math.min(time, found.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return found;
}

function lineOf(name: string, versions: ReadonlyMap<string, readonly number[]>): readonly string[] {
  const repositories = Math.max(...[...versions.values()].map((times) => new Set(times).size));
  if (repositories < ENOUGH_REPOSITORIES) return [];
  /** Major version to the earliest time from the highest version down to this one. */
  const earliest = new Map<number, number>();
  const pairs: string[] = [];
  for (const version of semver.rsort([...versions.keys()])) {
    const [, second] = [...new Set(versions.get(version))].sort((a, b) => a - b);
    const major = semver.major(version);
    if (second === undefined || second >= (earliest.get(major) ?? Number.POSITIVE_INFINITY)) continue;
    earliest.set(major, second);
    const hour = new Date(Math.ceil(second / HOUR_MS) * HOUR_MS)
      .toISOString()
      .slice(0, 'YYYY-MM-DDTHH'.length);
    pairs.unshift(`${version}=${hour}`);
  }
  return pairs.length === 0 ? [] : [`${name} ${pairs.join(' ')}`];
}
