import type { Ecosystem, EcosystemOptions } from '../src/ecosystem.ts';
import type { InputEcosystem } from '../src/inputs/format.ts';
import { openNpm } from './npm/index.ts';
import { NPM_INPUTS } from './npm/inputs/index.ts';

type OpenEcosystem = (options: EcosystemOptions) => Promise<Ecosystem>;

/** Every ecosystem, by purl type. */
export const ECOSYSTEMS = { npm: openNpm } as const satisfies Record<string, OpenEcosystem>;

/** What each ecosystem knows of the files that list packages. */
export const INPUT_ECOSYSTEMS: readonly InputEcosystem[] = [NPM_INPUTS];
