import semver from 'semver';
import type { InputEcosystem } from '../../../src/inputs/format.ts';

/** https://docs.npmjs.com/cli/configuring-npm/package-json#name, with what old packages may have. */
const NAME = /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~!'()*_-][a-z0-9._~!'()*-]*$/i;
/** https://semver.org, as the registry writes versions: clean. */
const VERSION = /^\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9a-z.-]+)?(?:\+[0-9a-z.-]+)?$/i;
const LONGEST = 256;

export function isName(name: string): boolean {
  return name.length <= LONGEST && NAME.test(name);
}

export function isVersion(version: string): boolean {
  return version.length <= LONGEST && VERSION.test(version);
}

export const compareVersions: InputEcosystem['compareVersions'] = (a, b) =>
  semver.compare(a, b, { loose: true });

export function isPrerelease(version: string): boolean {
  return semver.prerelease(version, { loose: true }) !== null;
}
