import { z } from 'zod';
import type { PlanRequest } from '../../src/ecosystem.ts';
import { fingerprint } from './fingerprint.ts';
import type { ChosenTools, ToolClues } from './plan.ts';
import { type AvailableTools, chooseToolchain } from './toolchain/choose.ts';
import { listNodeVersions, listNpmVersions, type VersionsOptions } from './toolchain/versions.ts';

/** The versions of Node and npm that there are. */
export async function availableTools(options: VersionsOptions): Promise<AvailableTools> {
  const [node, npm] = await Promise.all([listNodeVersions(options), listNpmVersions(options)]);
  return { node, npm };
}

/** Makes a chooser of Node and npm for one package version from all that is known about it. Pure. */
export function toolChooser(
  request: PlanRequest,
  available: AvailableTools,
): (clues: ToolClues) => ChosenTools {
  const { published, instant } = request;
  const { archive } = published.artifact;
  const packedByNpm = fingerprint(archive).packer.startsWith('npm');
  const stated = publisherTools(published.document);
  return ({ purpose, manifest, rootManifest, nodeVersionFile, lockfileVersion }) =>
    chooseToolchain(
      {
        purpose,
        publishedAt: new Date(instant),
        ...stated,
        engines: manifest.engines['node'] ?? rootManifest.engines['node'] ?? null,
        nodeVersionFile,
        packageManager: rootManifest.packageManager ?? manifest.packageManager,
        lockfileVersion,
        gzip: packedByNpm ? archive.gzip : null,
        hasPrepare: manifest.scripts['prepare'] !== undefined,
      },
      available,
    );
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
