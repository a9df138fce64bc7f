import { ECOSYSTEMS } from '../../builders/index.ts';
import type { Ecosystem } from '../ecosystem.ts';
import type { RegistryOptions } from './options.ts';

/** What knows the packages that the command line can name. */
export function openEcosystem(
  options: RegistryOptions & { readonly gitMirror?: readonly string[] },
): Promise<Ecosystem> {
  const { cacheDir, registry, gitMirror, trustedRoot } = options;
  return ECOSYSTEMS.npm({
    cacheDir,
    cwd: process.cwd(),
    registry: registry ?? null,
    mirrors: gitMirror ?? [],
    trustedRoot: trustedRoot ?? null,
  });
}
