import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import type { PlanRequest, RegistryView } from '../../src/ecosystem.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { acceptsStandIns } from './relax.ts';
import { missingIn, unmatchedIn } from './install-log.ts';
import { parseManifest } from './manifest.ts';
import { startProxy } from './proxy/proxy.ts';
import type { Subject } from './proxy/subject.ts';
import type { RegistryClient } from './registry/client.ts';
import type { NpmOptions } from './registry/config.ts';

const MOST_MANIFESTS = 500;

/** Starts the registry proxy of one rebuild, knowing what the manifests of the repository want. */
export async function openRegistryView(options: {
  plan: RebuildPlan;
  request: PlanRequest;
  directory: string;
  client: RegistryClient;
}): Promise<RegistryView> {
  const socketDirectory = path.join(options.directory, 'registry');
  await mkdir(socketDirectory, { mode: 0o755 });
  const proxy = await startProxy({
    client: options.client,
    cutoff: new Date(options.plan.registryTime),
    socketDirectory,
    wanted: await wantedRanges(options.request),
    standIns: options.plan.steps.some(acceptsStandIns),
    subject: subjectOf(options.request),
  });
  const allowed = new Set<string>();
  return {
    socketDirectory,
    materials: () =>
      proxy.materials().map(({ name, version, sha512, size, afterCutoff }) => ({
        name,
        version,
        sha512,
        size,
        afterCutoff,
      })),
    repairs: () => proxy.repairs().map((repair) => `${repair.name}@${repair.version}: ${repair.reason}`),
    failures: () => proxy.failures(),
    async repairFrom(log) {
      const absent = await Promise.all(missingIn(log).map((one) => proxy.leaveOut(one)));
      if (absent.includes(true)) return true;
      const { name, range } = unmatchedIn(log);
      const key = `${name ?? ''}@${range ?? ''}`;
      if (name === null || allowed.has(key)) return false;
      allowed.add(key);
      return (await proxy.allow(name, range)) !== null;
    },
    close: () => proxy.close(),
  };
}

/** What is not shown, and which registries the rest comes from. Who asks is left out: bytes are checked, not trusted. */
export function registryIdentity(
  request: PlanRequest,
  { registry, replaceRegistryHost, fetch }: NpmOptions,
): string {
  const scopes = Object.entries(fetch).filter(([key]) => /^@.*:registry$/i.test(key));
  return JSON.stringify([
    subjectOf(request),
    registry,
    replaceRegistryHost,
    scopes.map((scope) => scope.join()).toSorted(),
  ]);
}

function subjectOf({ published }: PlanRequest): Subject {
  const { name, version } = published.subject;
  return { name, version, sha512: published.artifact.digests.sha512.toLowerCase() };
}

/** Every range that a manifest of the repository states: what an install at its root resolves first. */
async function wantedRanges(request: PlanRequest): Promise<readonly (readonly [string, string])[]> {
  const files = request.source.tree
    .filter((file) => file.path === 'package.json' || file.path.endsWith('/package.json'))
    .filter((file) => !/(^|\/)(node_modules|fixtures?|__fixtures__)\//.test(file.path))
    .slice(0, MOST_MANIFESTS);
  const texts = await Promise.all(files.map((file) => request.readText(file.path)));
  return texts.flatMap((text) => {
    const manifest = text === null ? null : parseManifest(text);
    if (manifest === null) return [];
    return [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((table) =>
      Object.entries(table),
    );
  });
}
