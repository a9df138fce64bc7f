import type { Ecosystem, EcosystemOptions } from '../src/ecosystem.ts';
import { openNpm } from './npm/index.ts';

type OpenEcosystem = (options: EcosystemOptions) => Promise<Ecosystem>;

/** Every ecosystem, by purl type. */
export const ECOSYSTEMS = { npm: openNpm } as const satisfies Record<string, OpenEcosystem>;
