import type { RawVersion } from '../registry/document.ts';

/** What Node calls the sandbox's operating system. */
const SANDBOX = 'linux';

/** Whether no package manager installs a version here (https://docs.npmjs.com/cli/configuring-npm/package-json#os). */
export function isOfOtherSystem(raw: RawVersion): boolean {
  const systems = [raw['os']].flat().filter((one) => typeof one === 'string');
  if (systems.includes(`!${SANDBOX}`)) return true;
  const allowed = systems.filter((one) => !one.startsWith('!'));
  return allowed.length > 0 && !allowed.includes(SANDBOX) && !allowed.includes('any');
}
