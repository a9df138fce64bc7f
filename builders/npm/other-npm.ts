import semver from 'semver';
import type { Reading, Revision } from './revision.ts';

/** How npm 6 and older say that they met a fault of their own. */
const FAULT =
  /npm ERR! (?:Maximum call stack size exceeded|cb\(\) never called!|Cannot read property '\w+' of (?:undefined|null))/;

/** The last npm of the next lines, and the Node that it runs on (`engines` of its manifest). */
const NEWER = [
  { version: '8.19.4', node: '^12.13.0 || ^14.15.0 || >=16.0.0' },
  { version: '7.24.2', node: '>=10' },
] as const;

/** A newer npm, where an old one breaks on what it should install. */
export function npmTooOld({ plan, went }: Reading): Revision | null {
  const { node = '', npm = '' } = plan.toolchain;
  if (went.kind !== 'failed' || went.code !== 'fetch-failed' || !FAULT.test(went.log)) return null;
  if (semver.valid(npm) === null || semver.major(npm) > 6) return null;
  const newer = NEWER.find((one) => semver.satisfies(node, one.node));
  if (newer === undefined) return null;
  const why = `npm ${npm} broke while it installed: npm ${newer.version}`;
  return { why, change: { toolchain: { ...plan.toolchain, npm: newer.version } } };
}
