import semver from 'semver';
import type { Difference } from '../../src/model/comparison.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import type { Reading, Revision } from './revision.ts';

/** How npm 6 and older say that they met a fault of their own. */
const FAULT =
  /npm ERR! (?:Maximum call stack size exceeded|cb\(\) never called!|Cannot read property '\w+' of (?:undefined|null))/;

/** A version of npm, and the Node that it runs on (`engines` of its manifest). */
interface Npm {
  readonly version: string;
  readonly node: string;
}

const NODE_OF_NPM_9 = '^14.17.0 || ^16.13.0 || >=18.0.0';
const NODE_OF_NPM_10 = '^18.17.0 || >=20.5.0';

/** The last npm of the next lines. */
const NEWER: readonly Npm[] = [
  { version: '8.19.4', node: '^12.13.0 || ^14.15.0 || >=16.0.0' },
  { version: '7.24.2', node: '>=10' },
];

/** Those that read `files` as ignore rules. */
const NEXT: readonly Npm[] = [
  { version: '10.9.2', node: NODE_OF_NPM_10 },
  { version: '9.9.4', node: NODE_OF_NPM_9 },
];

/** A newer npm, where an old one breaks on what it should install. */
export function npmTooOld({ plan, went }: Reading): Revision | null {
  const { node = '', npm = '' } = plan.toolchain;
  if (went.kind !== 'failed' || went.code !== 'fetch-failed' || !FAULT.test(went.log)) return null;
  if (semver.valid(npm) === null || semver.major(npm) > 6) return null;
  return withNpm(plan, runningOn(node, NEWER), `npm ${npm} broke while it installed`);
}

/** The first that runs on a Node. */
function runningOn(node: string, versions: readonly Npm[]): string | undefined {
  return versions.find((one) => semver.satisfies(node, one.node))?.version;
}

function withNpm(plan: RebuildPlan, npm: string | undefined, because: string): Revision | null {
  if (npm === undefined) return null;
  return { why: `${because}: npm ${npm}`, change: { toolchain: { ...plan.toolchain, npm } } };
}

/** What a package that npm packed differs in; null where something else packed it, or nothing did. */
function packedByNpm({ plan, went }: Reading): {
  readonly node: string;
  readonly npm: string;
  readonly differences: readonly Difference[];
} | null {
  const { node = '', npm = '' } = plan.toolchain;
  const isPacked = plan.steps.some(({ phase, argv }) => phase === 'pack' && argv.includes('npm'));
  if (went.kind !== 'differed' || !isPacked || semver.valid(npm) === null) return null;
  return went.differences.length === 0 ? null : { node, npm, differences: went.differences };
}

function pathsOf(differences: readonly Difference[]): string {
  return differences.map(({ path }) => path).join(', ');
}

/** What npm before 7.12 packed whatever `files` says, and later ones do not (npm-packlist 2.1 and 2.2). */
const ONCE_ALWAYS = /^(?:copying|notice|changes|changelog|history)(?:\.[^./]*[^~$./])?$/i;
const LAST_SO = '7.11.2';

/** The npm that still packed a changelog, or no longer did, where nothing but that differs. */
export function npmOfChangelog(reading: Reading): Revision | null {
  const packed = packedByNpm(reading);
  if (packed === null) return null;
  const { node, npm, differences } = packed;
  const isNewer = semver.gt(npm, LAST_SO);
  const isChangelog = ({ kind, path, inCommit }: Difference) =>
    ONCE_ALWAYS.test(path) && (isNewer ? kind === 'added' && inCommit : kind === 'missing');
  if (!differences.every(isChangelog)) return null;
  const because = `only ${pathsOf(differences)} differs, which npm packed until 7.11 whatever the manifest says`;
  return withNpm(reading.plan, isNewer ? LAST_SO : runningOn(node, NEWER), because);
}

/** What npm packs of folders that `files` names in part (ignore-walk before 6.0.4, as npm 9 and the first npm 10 bring it). */
const NOTE_OF_FOLDER = /\/(?:readme|licen[cs]e|copying)(?:\.[^./]*)?$/i;
const PACKS_NOTES = '9.0.0 - 9.9.2 || 10.0.0 - 10.2.4';
const LAST_WITH_NOTES: readonly Npm[] = [
  { version: '10.2.4', node: NODE_OF_NPM_10 },
  { version: '9.9.2', node: NODE_OF_NPM_9 },
];

/** The npm that packed licences and readmes of folders, or did not, where nothing but those differs. */
export function npmOfNotes(reading: Reading): Revision | null {
  const packed = packedByNpm(reading);
  if (packed === null) return null;
  const { node, npm, differences } = packed;
  const packsThem = semver.satisfies(npm, PACKS_NOTES);
  const isNote = ({ kind, path, inCommit }: Difference) =>
    NOTE_OF_FOLDER.test(path) && (packsThem ? kind === 'missing' : kind === 'added' && inCommit);
  if (!differences.every(isNote)) return null;
  const because = `only ${pathsOf(differences)} differs, which npm 9 packed, and npm 10 until 10.2.4`;
  return withNpm(reading.plan, runningOn(node, packsThem ? NEXT : LAST_WITH_NOTES), because);
}

/**
 * The npm of the next or the last generation, where nothing but the choice of files differs: each reads `files` and the ignore
 * files in its own way (npm-packlist, changelog).
 */
export function npmOfFiles(reading: Reading): Revision | null {
  const packed = packedByNpm(reading);
  if (packed === null) return null;
  const { node, npm, differences } = packed;
  const isChoice = ({ kind, inCommit }: Difference) => kind === 'missing' || (kind === 'added' && inCommit);
  if (!differences.every(isChoice)) return null;
  const generation = semver.major(npm) < 7 ? [] : semver.major(npm) < 9 ? NEXT : NEWER;
  const because = `nothing but the choice of ${differences.length} files differs`;
  return withNpm(reading.plan, runningOn(node, generation), because);
}
