import { contentCache } from '../../src/content-cache.ts';
import type { EcosystemOptions } from '../../src/ecosystem.ts';
import { registryClient, type RegistryClient } from './registry/client.ts';
import { npmOptions } from './registry/config.ts';

/** A registry client as npm is configured here, with `--registry` in place of the configured one when given. */
export async function openClient(options: Omit<EcosystemOptions, 'mirrors'>): Promise<RegistryClient> {
  const { cacheDir, cwd, registry } = options;
  const configured = await npmOptions({ cwd, ...(registry === null ? {} : { registry }) });
  return registryClient({ options: configured, cache: contentCache(cacheDir) });
}
