import { contentCache } from '../../src/content-cache.ts';
import type { EcosystemOptions } from '../../src/ecosystem.ts';
import { registryClient, type RegistryClient } from './registry/client.ts';
import { npmOptions } from './registry/config.ts';

/** A registry client as npm is configured here, with `--registry` in place of the configured one when given. */
export async function openClient({
  cacheDir,
  cwd,
  registry,
}: Pick<EcosystemOptions, 'cacheDir' | 'cwd' | 'registry'>): Promise<RegistryClient> {
  const options = await npmOptions({ cwd, ...(registry === null ? {} : { registry }) });
  return registryClient({ options, cache: contentCache(cacheDir) });
}
