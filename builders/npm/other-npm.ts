import semver from 'semver';
import type { Difference } from '../../src/model/comparison.ts';
import type { Reading, Revision } from './revision.ts';

/** How npm 6 and older say that they met a fault of their own. */
const FAULT =
  /npm ERR! (?:Maximum call stack size exceeded|cb\(\) never called!|Cannot read property '\w+' of (?:undefined|null))/;

/** The last npm of the next lines, and the Node that it runs on (`engines` of its manifest). */
const NEWER = [
  { version: '8.19.4', node: '^12.13.0 || ^14.15.0 || >=16.0.0' },
  { version: '7.24.2', node: '>=10' },
] as const;

/** Those that read `files` as ignore rules, and the Node that they run on. */
const NEXT = [
  { version: '10.9.2', node: '^18.17.0 || >=20.5.0' },
  { version: '9.9.4', node: '^14.17.0 || ^16.13.0 || >=18.0.0' },
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

/** What npm before 7.12 packed whatever `files` says, and later ones do not (npm-packlist 2.1 and 2.2). */
const ONCE_ALWAYS = /^(?:copying|notice|changes|changelog|history)(?:\.[^./]*[^~$./])?$/i;
const LAST_SO = '7.11.2';

/** The npm that still packed a changelog, or no longer did, where nothing but that differs. */
export function npmOfChangelog({ plan, went }: Reading): Revision | null {
  const { node = '', npm = '' } = plan.toolchain;
  const isPacked = plan.steps.some(({ phase, argv }) => phase === 'pack' && argv.includes('npm'));
  if (went.kind !== 'differed' || !isPacked || semver.valid(npm) === null) return null;
  const paths = went.differences.map(({ path }) => path);
  const isNewer = semver.gt(npm, LAST_SO);
  const isChangelog = ({ kind, path, inCommit }: Difference) =>
    ONCE_ALWAYS.test(path) && (isNewer ? kind === 'added' && inCommit : kind === 'missing');
  if (paths.length === 0 || !went.differences.every(isChangelog)) return null;
  const version = isNewer ? LAST_SO : NEWER.find((one) => semver.satisfies(node, one.node))?.version;
  if (version === undefined) return null;
  const why = `only ${paths.join(', ')} differs, which npm packed until 7.11 whatever the manifest says: npm ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, npm: version } } };
}

/** What npm packs of folders that `files` names in part (ignore-walk before 6.0.4, as npm 9 and the first npm 10 bring it). */
const NOTE_OF_FOLDER = /\/(?:readme|licen[cs]e|copying)(?:\.[^./]*)?$/i;
const PACKS_NOTES = '9.0.0 - 9.9.2 || 10.0.0 - 10.2.4';
const LAST_WITH_NOTES = [
  { version: '10.2.4', node: '^18.17.0 || >=20.5.0' },
  { version: '9.9.2', node: '^14.17.0 || ^16.13.0 || >=18.0.0' },
] as const;

/** The npm that packed licences and readmes of folders, or did not, where nothing but those differs. */
export function npmOfNotes({ plan, went }: Reading): Revision | null {
  const { node = '', npm = '' } = plan.toolchain;
  const isPacked = plan.steps.some(({ phase, argv }) => phase === 'pack' && argv.includes('npm'));
  if (went.kind !== 'differed' || !isPacked || semver.valid(npm) === null) return null;
  const packsThem = semver.satisfies(npm, PACKS_NOTES);
  const isNote = ({ kind, path, inCommit }: Difference) =>
    NOTE_OF_FOLDER.test(path) && (packsThem ? kind === 'missing' : kind === 'added' && inCommit);
  if (went.differences.length === 0 || !went.differences.every(isNote)) return null;
  const version = (packsThem ? NEXT : LAST_WITH_NOTES).find((one) =>
    semver.satisfies(node, one.node),
  )?.version;
  if (version === undefined) return null;
  const paths = went.differences.map(({ path }) => path).join(', ');
  const why = `only ${paths} differs, which npm 9 packed, and npm 10 until 10.2.4: npm ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, npm: version } } };
}

/**
 * The npm of the next or the last generation, where nothing but the choice of files differs: each reads `files` and the ignore
 * files in its own way (npm-packlist, changelog).
 */
export function npmOfFiles({ plan, went }: Reading): Revision | null {
  const { node = '', npm = '' } = plan.toolchain;
  const isPacked = plan.steps.some(({ phase, argv }) => phase === 'pack' && argv.includes('npm'));
  if (went.kind !== 'differed' || !isPacked || semver.valid(npm) === null) return null;
  const isChoice = ({ kind, inCommit }: Difference) => kind === 'missing' || (kind === 'added' && inCommit);
  if (went.differences.length === 0 || !went.differences.every(isChoice)) return null;
  const generation = semver.major(npm) < 7 ? [] : semver.major(npm) < 9 ? NEXT : NEWER;
  const version = generation.find((one) => semver.satisfies(node, one.node))?.version;
  if (version === undefined) return null;
  const why = `nothing but the choice of ${went.differences.length} files differs: npm ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, npm: version } } };
}
