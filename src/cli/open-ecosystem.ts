import { ECOSYSTEMS } from '../../builders/index.ts';
import type { Ecosystem } from '../ecosystem.ts';
import type { RegistryOptions } from './options.ts';

/** What knows the packages that the command line can name. */
export function openEcosystem({ cacheDir, registry }: RegistryOptions): Promise<Ecosystem> {
  return ECOSYSTEMS.npm({ cacheDir, cwd: process.cwd(), registry: registry ?? null });
}
