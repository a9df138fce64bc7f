import type { PlanRequest } from '../../src/ecosystem.ts';
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
  const { extraFlags, operatingSystem } = published.artifact.archive.gzip;
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
        gzip: { extraFlags, operatingSystem },
        hasPrepare: manifest.scripts['prepare'] !== undefined,
      },
      { node, npm },
    );
}

/** The publisher's own tools, as far as the registry's document of the version names them. */
function publisherTools(document: unknown): { nodeVersion: string | null; npmVersion: string | null } {
  const field = (name: string) => {
    const value = typeof document === 'object' && document !== null ? Reflect.get(document, name) : null;
    return typeof value === 'string' ? value : null;
  };
  return { nodeVersion: field('_nodeVersion'), npmVersion: field('_npmVersion') };
}
