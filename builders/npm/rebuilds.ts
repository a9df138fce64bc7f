import type { Ecosystem, EcosystemOptions } from '../../src/ecosystem.ts';
import { FORWARDER_FILE, FORWARDER_TARGET } from '../../src/sandbox/layout.ts';
import { fingerprint } from './fingerprint.ts';
import { GitRepositories } from './git/repositories.ts';
import { INSIDE_DIRECTORY, INSIDE_TARGET } from './inside.ts';
import { rolesOf } from './judgement.ts';
import { otherPackers } from './other-packers.ts';
import { npmPlans } from './plan.ts';
import type { RegistryClient } from './registry/client.ts';
import { openRegistryView } from './registry-view.ts';
import { revisedPlans } from './revise.ts';
import { isToolRole } from './toolchain/parts.ts';
import { toolchain } from './toolchain/toolchain.ts';
import { managerOfTime, toolChooser, type ToolLister } from './tools.ts';
import { checkedOut } from './windows-checkout.ts';

/** The part of the ecosystem that is about rebuilding. */
export type Rebuilds = Pick<Ecosystem, 'plans' | 'revise' | 'tools' | 'registryView' | 'packers'>;

/**
 * Opens what knows how to rebuild.
 *
 * @param context.toolClient of the registry that toolchains come from
 */
export function openRebuilds(
  options: EcosystemOptions,
  context: {
    readonly client: RegistryClient;
    readonly toolClient: RegistryClient;
    readonly list: ToolLister;
  },
): Rebuilds {
  const { client, toolClient, list } = context;
  const repositories = new GitRepositories(options);
  return {
    async plans(request) {
      const plans = await npmPlans(request, {
        roles: rolesOf(request.published),
        packer: fingerprint(request.published.artifact.archive).family,
        choose: toolChooser(request, list),
      });
      return checkedOut(request, plans);
    },
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
    registryView: (view) => openRegistryView({ ...view, client, repositories }),
    packers: (artifact) => otherPackers(fingerprint(artifact.archive), list),
  };
}
