import type { InputEcosystem } from '../../../src/inputs/format.ts';
import { purlOf } from '../package-spec.ts';
import { BUN_BINARY_LOCK, BUN_LOCK } from './bun-lock.ts';
import { compareVersions, isPrerelease } from './names.ts';
import { NPM_LOCK } from './npm-lock.ts';
import { NPM_RULES } from './origin.ts';
import { PNPM_LOCK } from './pnpm-lock.ts';
import { YARN_BERRY_LOCK } from './yarn-berry.ts';
import { YARN_CLASSIC_LOCK } from './yarn-classic.ts';

/** The files in which the package managers of npm's registry keep what they install. */
export const NPM_INPUTS: InputEcosystem = {
  ...NPM_RULES,
  advisoryName: 'npm',
  formats: [NPM_LOCK, PNPM_LOCK, YARN_CLASSIC_LOCK, YARN_BERRY_LOCK, BUN_LOCK, BUN_BINARY_LOCK],
  publicHosts: ['registry.npmjs.org', 'registry.yarnpkg.com'],
  installFolders: ['node_modules'],
  manifestName: 'package.json',
  compareVersions,
  isPrerelease,
  purlOf,
};
