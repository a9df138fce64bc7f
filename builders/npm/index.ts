import type { Ecosystem, EcosystemOptions } from '../../src/ecosystem.ts';
import { FORWARDER_FILE, FORWARDER_TARGET } from '../../src/sandbox/layout.ts';
import { contentCache } from '../../src/content-cache.ts';
import { openClient } from './client.ts';
import { fingerprint } from './fingerprint.ts';
import { findingsOf, rolesOf } from './judgement.ts';
import { npmPlans } from './plan.ts';
import { publishedPackage } from './published.ts';
import { openRegistryView } from './registry-view.ts';
import { NPM_ENVIRONMENT } from './steps.ts';
import { toolchain } from './toolchain/toolchain.ts';
import type { AvailableTools } from './toolchain/choose.ts';
import { availableTools, toolChooser } from './tools.ts';

/**
 * Opens the npm ecosystem. Packages come from `options.registry` when one is given; toolchains always from the
 * registry that npm is configured with, since the other one may hold nothing but the packages to verify.
 */
export async function openNpm(options: EcosystemOptions): Promise<Ecosystem> {
  const client = await openClient(options);
  const cache = contentCache(options.cacheDir);
  const toolClient = options.registry === null ? client : await openClient({ ...options, registry: null });
  // Known by the time that the first plan is made: nothing else needs the network then.
  let available: Promise<AvailableTools> | null = null;
  const tools = () => (available ??= availableTools({ client: toolClient, cache }));
  return {
    name: 'npm',
    environment: NPM_ENVIRONMENT,
    toolRoles: ['node', 'npm'],
    published: (spec) => {
      tools().catch(() => undefined);
      return publishedPackage(spec, { client, cwd: options.cwd });
    },
    plans: async (request) =>
      npmPlans(request, {
        roles: rolesOf(request.published),
        choose: toolChooser(request, await tools()),
      }),
    async tools(plan) {
      const { node = '', npm = '' } = plan.toolchain;
      const made = await toolchain({ node, npm, client: toolClient, cacheDirectory: options.cacheDir });
      return {
        tools: made.tools,
        mounts: [...made.mounts, { source: FORWARDER_FILE, target: FORWARDER_TARGET }],
      };
    },
    registryView: (view) => openRegistryView({ ...view, client }),
    findings: findingsOf,
    roles: rolesOf,
    fingerprint: (artifact) => fingerprint(artifact.archive),
  };
}
