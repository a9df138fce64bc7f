import { z } from 'zod';
import type { PlanRequest } from '../../src/ecosystem.ts';
import { fingerprint } from './fingerprint.ts';
import type { ChosenTools, ToolClues } from './plan.ts';
import type { RegistryClient } from './registry/client.ts';
import { chooseToolchain } from './toolchain/choose.ts';
import { listNodeVersions, listNpmVersions } from './toolchain/versions.ts';

/** Makes a chooser of Node and npm for one package version from all that is known about it. */
export async function toolChooser(
  request: PlanRequest,
  client: RegistryClient,
): Promise<(clues: ToolClues) => ChosenTools> {
  const [node, npm] = await Promise.all([listNodeVersions(client), listNpmVersions(client)]);
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
      { node, npm },
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
