import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ResultDocument } from '../../src/report/document.ts';
import type { CliRun } from './cli.ts';
import { TEST_ENGINES, type TestWorld } from './world.ts';

/** One package of a lockfile. */
export interface Locked {
  readonly name: string;
  /** Default: 1.0.0. */
  readonly version?: string;
  /** Subresource Integrity; default: none. */
  readonly integrity?: string;
}

/** Writes a package-lock.json, version 3, and gives its path. */
export function lockfile(world: TestWorld, name: string, packages: readonly Locked[]): string {
  const dependencies = Object.fromEntries(packages.map((one) => [one.name, one.version ?? '1.0.0']));
  const listed = packages.map(({ name: one, version = '1.0.0', integrity }) => [
    `node_modules/${one}`,
    {
      version,
      resolved: `${world.registry.url}${one}/-/${one}-${version}.tgz`,
      ...(integrity !== undefined && { integrity }),
    },
  ]);
  const lock = {
    name: 'app',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'app', version: '1.0.0', dependencies },
      ...(Object.fromEntries(listed) as object),
    },
  };
  const folder = path.join(world.folder.path, name);
  writeFileSync(folder, `${JSON.stringify(lock, null, 2)}\n`);
  return folder;
}

/** Publishes a package, with a source that has the same files unless others are given, and gives what a lockfile has of it. */
export function publishLocked(
  world: TestWorld,
  name: string,
  files: Readonly<Record<string, string>> = { 'index.js': `module.exports = '${name}';\n` },
  source = files,
): Locked {
  world.source(name, source);
  return { name, integrity: integrityOf(world.publish(name, files)) };
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${hash('sha512', bytes, 'base64')}`;
}

/** The options with which the command verifies against a world. */
export function worldOptions(world: TestWorld): readonly string[] {
  const [engine = 'bwrap'] = TEST_ENGINES;
  const places = ['--registry', world.registry.url, '--git-mirror', world.gitMirror];
  return [...places, '--cache-dir', world.cacheDir, '--engine', engine, '--retry-after', '0.05'];
}

/** The documents of `--json`. */
export function documentsIn(run: Pick<CliRun, 'stdout'>): readonly ResultDocument[] {
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as ResultDocument);
}

/** Verdicts by name, in the order of names. */
export function verdictsIn(run: Pick<CliRun, 'stdout'>): readonly string[] {
  return documentsIn(run)
    .map(({ subject, verdict, reason }) => `${subject.name} ${reason?.code ?? verdict}`)
    .toSorted();
}
