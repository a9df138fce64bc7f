import type { InputEcosystem } from '../src/inputs/format.ts';
import { NPM_INPUTS } from './npm/inputs/index.ts';

/** What each ecosystem knows of the files that list packages. */
export const INPUT_ECOSYSTEMS: readonly InputEcosystem[] = [NPM_INPUTS];
