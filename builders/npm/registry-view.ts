import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import type { PlanRequest, RegistryView } from '../../src/ecosystem.ts';
import type { Pins, RebuildPlan } from '../../src/model/plan.ts';
import { acceptsStandIns, leftOutOf } from './relax.ts';
import { unmatchedIn } from './install-log.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { Text } from './manifest-fields.ts';
import { pinsOf } from './git/pins.ts';
import { purlOf } from './package-spec.ts';
import type { GitRepositories } from './git/repositories.ts';
import type { Repair } from './proxy/archive.ts';
import { PinnedFiles } from './proxy/pinned-files.ts';
import { startProxy } from './proxy/proxy.ts';
import type { RegistryClient } from './registry/client.ts';
import { subjectOf } from './registry-identity.ts';
import { repositoryManifests } from './workspace.ts';

/** Starts the registry proxy of one rebuild, knowing what the manifests of the repository want. */
export async function openRegistryView(options: {
  plan: RebuildPlan;
  request: PlanRequest;
  directory: string;
  pins: Pins | null;
  client: RegistryClient;
  repositories: GitRepositories;
}): Promise<RegistryView> {
  const socketDirectory = path.join(options.directory, 'registry');
  await mkdir(socketDirectory, { mode: 0o755 });
  const proxy = await startProxy({
    client: options.client,
    cutoff: new Date(options.plan.registryTime),
    socketDirectory,
    wanted: await wantedRanges(options.request),
    locked: await lockedVersions(options.request, options.plan),
    pins: options.pins === null ? null : new PinnedFiles(options.pins),
    leftOut: new Set(leftOutOf(options.plan.steps)),
    node: options.plan.toolchain['node'] ?? null,
    standIns: options.plan.steps.some(acceptsStandIns),
    subject: subjectOf(options.request),
    git: {
      places: Object.values(pinsOf(options.plan.steps)),
      pack: (place) => options.repositories.pack(place, options.directory),
    },
  });
  const allowed = new Set<string>();
  return {
    socketDirectory,
    materials: () =>
      proxy.materials().map(({ name, version, sha512, size, license, afterCutoff }) => ({
        name,
        version,
        uri: uriOf(name, version),
        sha512,
        size,
        license,
        afterCutoff,
      })),
    repairs: () => proxy.repairs().map(wordsOf),
    standIns: () =>
      proxy
        .repairs()
        .filter(({ kind }) => kind === 'stand-in')
        .map(wordsOf),
    failures: () => proxy.failures(),
    async repairFrom(log) {
      const { name, range } = unmatchedIn(log);
      const key = `${name ?? ''}@${range ?? ''}`;
      if (name === null || allowed.has(key)) return false;
      allowed.add(key);
      return (await proxy.allow(name, range)) !== null;
    },
    close: () => proxy.close(),
  };
}

function wordsOf({ name, version, reason }: Repair): string {
  return `${name}@${version}: ${reason}`;
}

/** What lies in a repository is named by the repository's address, which no package can be. */
function uriOf(name: string, version: string): string {
  return name.includes('://') ? `git+${name}@${version}` : purlOf(name, version);
}

/** What of npm's lockfile is read here; old ones hold anything anywhere. */
const Lockfile = z.object({
  packages: z
    .record(z.string(), z.object({ version: Text, resolved: Text, name: Text }))
    .catch({})
    .default({}),
});

/**
 * The exact versions of npm's lockfile that come without an address: npm then asks the registry for their documents,
 * which must not hide them, whatever its times say.
 */
async function lockedVersions(
  { readText }: PlanRequest,
  { steps }: RebuildPlan,
): Promise<readonly (readonly [string, string])[]> {
  const install = steps.find(({ phase, argv }) => phase === 'fetch' && argv.includes('npm'));
  if (install === undefined || install.argv.includes('--no-package-lock')) return [];
  const folder = path.posix.relative(LAYOUT.source, install.cwd);
  const text = await readText(path.posix.join(folder, 'package-lock.json'));
  const lockfile = text === null ? null : parseLockfile(text);
  return Object.entries(lockfile?.packages ?? {}).flatMap(([place, { name, version, resolved }]) => {
    const called = name ?? place.split('node_modules/').at(-1) ?? '';
    return version === null || resolved !== null || !place.includes('node_modules/')
      ? []
      : [[called, version] as const];
  });
}

function parseLockfile(text: string): z.infer<typeof Lockfile> | null {
  try {
    return Lockfile.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Every range that a manifest of the repository states: what an install at its root resolves first. */
async function wantedRanges(request: PlanRequest): Promise<readonly (readonly [string, string])[]> {
  const manifests = await repositoryManifests(request);
  return manifests.flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
    [dependencies, devDependencies, optionalDependencies].flatMap((table) => Object.entries(table)),
  );
}
