import path from 'node:path';
import type { Ecosystem, EcosystemOptions } from '../../src/ecosystem.ts';
import { contentCache } from '../../src/content-cache.ts';
import { bundleVerifier } from '../../src/sigstore/verify-bundle.ts';
import { bareForm } from './bare-form.ts';
import { openClient } from './client.ts';
import { ENCODERS } from './encoders.ts';
import { fingerprint } from './fingerprint.ts';
import { findingsOf, rolesOf } from './judgement.ts';
import { packerOf } from './packers.ts';
import { publishedPackage } from './published.ts';
import { STANDARD_ENVIRONMENT } from './managers/manager.ts';
import type { Rebuilds } from './rebuilds.ts';
import { TOOL_ROLES } from './toolchain/parts.ts';
import { publicRegistryOf } from './registry/config.ts';
import { registryIdentity } from './registry-identity.ts';
import { npmReleases } from './registry/releases.ts';
import { listVersions, nodePackage, type ToolVersion } from './toolchain/versions.ts';
import type { ToolLister } from './tools.ts';

/**
 * Opens the npm ecosystem. Packages come from `options.registry` when one is given; toolchains always from the
 * registry that npm is configured with, since the other one may hold nothing but the packages to verify.
 */
export async function openNpm(options: EcosystemOptions): Promise<Ecosystem> {
  const client = await openClient(options);
  const cache = contentCache(options.cacheDir);
  const verifier = bundleVerifier({ file: options.trustedRoot ?? null, cacheDir: options.cacheDir });
  const toolClient = options.registry === null ? client : await openClient({ ...options, registry: null });
  // Each is asked for once; those of every plan by the time that the first one is made.
  const known = new Map<string, Promise<readonly ToolVersion[]>>();
  const list: ToolLister = (name) => {
    const versions = known.get(name) ?? listVersions({ client: toolClient, cache }, name);
    known.set(name, versions);
    return versions;
  };
  // Loaded for the first plan: a comparison has none, and it is more than half of the ecosystem.
  let opened: Promise<Rebuilds> | null = null;
  const rebuilds = () =>
    (opened ??= import('./rebuilds.ts').then(({ openRebuilds }) =>
      openRebuilds(options, { client, toolClient, list }),
    ));
  return {
    name: 'npm',
    environment: STANDARD_ENVIRONMENT,
    toolRoles: TOOL_ROLES,
    expectRebuild: () => {
      for (const name of [nodePackage(), 'npm']) list(name).catch(() => undefined);
    },
    published: (spec) =>
      publishedPackage(spec, {
        client,
        verifier,
        cwd: options.cwd,
        temporary: path.join(options.cacheDir, 'tmp'),
      }),
    plans: async (request) => (await rebuilds()).plans(request),
    revise: async (reading) => (await rebuilds()).revise(reading),
    tools: async (plan) => (await rebuilds()).tools(plan),
    registryView: async (view) => (await rebuilds()).registryView(view),
    packers: async (artifact) => (await rebuilds()).packers(artifact),
    registryOf: (name) => publicRegistryOf(client.options, name),
    registryIdentity: (request) => registryIdentity(request, client.options),
    findings: findingsOf,
    roles: rolesOf,
    fingerprint: (artifact) => {
      const { packer, gzip } = fingerprint(artifact.archive);
      return { packer, gzip };
    },
    bareForm: (plan) => bareForm(plan, (name) => publicRegistryOf(toolClient.options, name)),
    packerOf,
    encoders: ENCODERS,
    releases: () => npmReleases(client.options),
  };
}
