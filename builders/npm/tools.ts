import { z } from 'zod';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Evidence } from '../../src/model/source.ts';
import { fingerprint } from './fingerprint.ts';
import type { Manifest } from './manifest.ts';
import { type ManagerName, toolRoleOf } from './managers/manager.ts';
import type { ChosenTools, ToolClues } from './plan.ts';
import { chooseToolchain } from './toolchain/choose.ts';
import { chooseManager } from './toolchain/choose-manager.ts';
import type { ManagerRole } from './toolchain/manager-releases.ts';
import { nodePackage } from './toolchain/versions.ts';
import type { ToolVersion } from './toolchain/versions.ts';

/** Lists the versions of a package that is a tool. */
export type ToolLister = (name: string) => Promise<readonly ToolVersion[]>;

/** Makes a chooser of tools for one package version from all that is known about it. */
export function toolChooser(
  request: PlanRequest,
  list: ToolLister,
): (clues: ToolClues) => Promise<ChosenTools> {
  const { published, instant } = request;
  const { archive } = published.artifact;
  const packedByNpm = fingerprint(archive).packer.startsWith('npm');
  const stated = publisherTools(published.document);
  const publishedAt = new Date(instant);
  return async (clues) => {
    const { purpose, manifest, root, nodeVersion } = clues;
    const isNpm = root.manager === 'npm';
    const [node, npm] = await Promise.all([list(nodePackage()), list('npm')]);
    const chosen = chooseToolchain(
      {
        purpose,
        publishedAt,
        ...stated,
        engines: manifest.engines['node'] ?? root.manifest.engines['node'] ?? null,
        nodeVersionFile: nodeVersion,
        packageManager: root.manifest.packageManager ?? manifest.packageManager,
        lockfileVersion: isNpm && root.lockfile?.version != null ? Number(root.lockfile.version) : null,
        gzip: packedByNpm ? archive.gzip : null,
        hasPrepare: manifest.scripts['prepare'] !== undefined,
      },
      { node, npm },
    );
    const versions: Record<string, string> = { node: chosen.node, npm: chosen.npm };
    const evidence: Evidence[] = [...chosen.evidence];
    for (const manager of clues.managers) {
      if (manager === 'npm') continue;
      const { role, ...facts } = managerFacts(manager, clues);
      if (versions[role] !== undefined) continue;
      const available = await list(packageOf(manager));
      const one = chooseManager({ ...facts, role, publishedAt }, available, chosen.node);
      versions[role] = one.version;
      evidence.push(...one.evidence);
    }
    return { versions, evidence };
  };
}

/** The version of a package manager of one moment, of a range if one is given, where nothing else tells of it. */
export async function managerOfTime(
  role: ManagerRole,
  options: {
    readonly at: Date;
    readonly node: string;
    readonly list: ToolLister;
    readonly range?: string | undefined;
  },
): Promise<string> {
  const facts = {
    role,
    publishedAt: options.at,
    named: null,
    ranges: options.range === undefined ? [] : [options.range],
    lockfileVersion: null,
    classic: true,
  };
  return chooseManager(facts, await options.list(role), options.node).version;
}

/** The package whose versions are the tool's. */
function packageOf(manager: ManagerName): string {
  return manager === 'berry' ? '@yarnpkg/cli-dist' : manager;
}

function managerFacts(manager: Exclude<ManagerName, 'npm'>, { manifest, root, release }: ToolClues) {
  const role = toolRoleOf(manager);
  const own = role === 'yarn' ? root.ownYarn : null;
  const stated = [root.manifest, manifest].map((one) => namedVersion(one, role));
  const named = [own, ...stated].find((one) => one !== null);
  const isRight = (version: string) =>
    role !== 'yarn' || version.startsWith('0.') || version.startsWith('1.') === (manager === 'yarn');
  return {
    role,
    named: named != null && isRight(named) ? named : null,
    ranges: [
      release.packageManager?.name === role ? release.packageManager.version : null,
      root.manifest.engines[role],
      manifest.engines[role],
    ].filter((range) => range != null),
    lockfileVersion: root.manager === manager ? (root.lockfile?.version ?? null) : null,
    classic: manager === 'yarn',
  } as const;
}

/** The exact version in `packageManager`; a URL, or anything else that it may hold, is none. */
function namedVersion({ packageManager }: Manifest, role: string): string | null {
  const [, name, version] = /^(\w+)@(\d[\w.-]{0,63})(?:\+|$)/.exec(packageManager ?? '') ?? [];
  return name === role ? (version ?? null) : null;
}

const Stated = z.object({
  _nodeVersion: z.string().nullable().catch(null).default(null),
  _npmVersion: z.string().nullable().catch(null).default(null),
});

/** The publisher's own tools, as far as the registry's document of the version names them. */
function publisherTools(document: unknown): { nodeVersion: string | null; npmVersion: string | null } {
  const stated = Stated.parse(document ?? {});
  return { nodeVersion: stated._nodeVersion, npmVersion: stated._npmVersion };
}
