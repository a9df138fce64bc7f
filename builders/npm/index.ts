import path from 'node:path';
import type { Ecosystem, EcosystemOptions } from '../../src/ecosystem.ts';
import { FORWARDER_FILE, FORWARDER_TARGET } from '../../src/sandbox/layout.ts';
import { contentCache } from '../../src/content-cache.ts';
import { bundleVerifier } from '../../src/sigstore/verify-bundle.ts';
import { bareForm } from './bare-form.ts';
import { openClient } from './client.ts';
import { ENCODERS } from './encoders.ts';
import { fingerprint } from './fingerprint.ts';
import { GitRepositories } from './git/repositories.ts';
import { findingsOf, rolesOf } from './judgement.ts';
import { npmPlans } from './plan.ts';
import { otherPackers } from './other-packers.ts';
import { packerOf } from './packers.ts';
import { publishedPackage } from './published.ts';
import { INSIDE_DIRECTORY, INSIDE_TARGET } from './inside.ts';
import { revisedPlans } from './revise.ts';
import { STANDARD_ENVIRONMENT } from './managers/manager.ts';
import { isToolRole, TOOL_ROLES } from './toolchain/parts.ts';
import { publicRegistryOf } from './registry/config.ts';
import { npmReleases } from './registry/releases.ts';
import { openRegistryView, registryIdentity } from './registry-view.ts';
import { toolchain } from './toolchain/toolchain.ts';
import { listVersions, nodePackage, type ToolVersion } from './toolchain/versions.ts';
import { managerOfTime, type ToolLister, toolChooser } from './tools.ts';

/**
 * Opens the npm ecosystem. Packages come from `options.registry` when one is given; toolchains always from the
 * registry that npm is configured with, since the other one may hold nothing but the packages to verify.
 */
export async function openNpm(options: EcosystemOptions): Promise<Ecosystem> {
  const client = await openClient(options);
  const cache = contentCache(options.cacheDir);
  const verifier = bundleVerifier({ file: options.trustedRoot ?? null, cacheDir: options.cacheDir });
  const toolClient = options.registry === null ? client : await openClient({ ...options, registry: null });
  const repositories = new GitRepositories(options);
  // Each is asked for once; those of every plan by the time that the first one is made.
  const known = new Map<string, Promise<readonly ToolVersion[]>>();
  const list: ToolLister = (name) => {
    const versions = known.get(name) ?? listVersions({ client: toolClient, cache }, name);
    known.set(name, versions);
    return versions;
  };
  return {
    name: 'npm',
    environment: STANDARD_ENVIRONMENT,
    toolRoles: TOOL_ROLES,
    published: (spec) => {
      for (const name of [nodePackage(), 'npm']) list(name).catch(() => undefined);
      return publishedPackage(spec, {
        client,
        verifier,
        cwd: options.cwd,
        temporary: path.join(options.cacheDir, 'tmp'),
      });
    },
    plans: (request) =>
      npmPlans(request, {
        roles: rolesOf(request.published),
        packer: fingerprint(request.published.artifact.archive).family,
        choose: toolChooser(request, list),
      }),
    revise: (reading) => {
      const { request, plan } = reading;
      const facts = { at: new Date(request.instant), node: plan.toolchain['node'] ?? '', list };
      return revisedPlans({
        ...reading,
        repositories,
        versionOfTime: (role, range) => managerOfTime(role, { ...facts, range }),
      });
    },
    async tools(plan) {
      const versions = Object.fromEntries(
        Object.entries(plan.toolchain).filter(([role]) => isToolRole(role)),
      );
      const made = await toolchain({ versions, client: toolClient, cacheDirectory: options.cacheDir });
      return {
        tools: made.tools,
        mounts: [
          ...made.mounts,
          { source: FORWARDER_FILE, target: FORWARDER_TARGET },
          { source: INSIDE_DIRECTORY, target: INSIDE_TARGET },
        ],
      };
    },
    registryOf: (name) => publicRegistryOf(client.options, name),
    registryIdentity: (request) => registryIdentity(request, client.options),
    registryView: (view) => openRegistryView({ ...view, client, repositories }),
    findings: findingsOf,
    roles: rolesOf,
    fingerprint: (artifact) => {
      const { packer, gzip } = fingerprint(artifact.archive);
      return { packer, gzip };
    },
    bareForm: (plan) => bareForm(plan, (name) => publicRegistryOf(toolClient.options, name)),
    packerOf,
    packers: (artifact) => otherPackers(fingerprint(artifact.archive), list),
    encoders: ENCODERS,
    releases: () => npmReleases(client.options),
  };
}
