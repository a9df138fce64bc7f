import semver from 'semver';
import type { Evidence } from '../../../src/model/source.ts';
import { type Choice, choice, last, newest, none, statedVersion } from './choice.ts';
import { bundledNpm, NODE_LINES, supportedLine } from './node-releases.ts';
import type { ToolVersion } from './versions.ts';

/** What is known about how a package version was made. Null and absent mean: nothing. */
export interface ToolchainFacts {
  /** What the tools are for: only `build` runs the package's scripts. */
  readonly purpose: 'build' | 'pack';
  readonly publishedAt: Date;
  /** `_nodeVersion` and `_npmVersion` of the registry. */
  readonly nodeVersion?: string | null;
  readonly npmVersion?: string | null;
  /** `engines.node` of the manifest. */
  readonly engines?: string | null;
  /** Content of `.nvmrc` or `.node-version`. */
  readonly nodeVersionFile?: string | null;
  /** `packageManager` of the manifest. */
  readonly packageManager?: string | null;
  readonly lockfileVersion?: number | null;
  /** The gzip header of an artifact that npm packed (RFC 1952, section 2.3.1). */
  readonly gzip?: { readonly extraFlags: number; readonly operatingSystem: number } | null;
  /** Whether the manifest has a `prepare` script; unknown counts as yes. */
  readonly hasPrepare?: boolean;
}

export interface AvailableTools {
  readonly node: readonly ToolVersion[];
  readonly npm: readonly ToolVersion[];
}

export interface ChosenToolchain {
  /** Exact versions. */
  readonly node: string;
  readonly npm: string;
  readonly evidence: readonly Evidence[];
}

/**
 * Chooses Node and npm by the best evidence there is, and says by which.
 * Pure. Throws ReproveError `toolchain-unavailable` when the registry has no version that could do.
 */
export function chooseToolchain(given: ToolchainFacts, available: AvailableTools): ChosenToolchain {
  const facts = { ...given, engines: short(given.engines), nodeVersionFile: short(given.nodeVersionFile) };
  const node = chooseNode(facts, available.node);
  const npm = chooseNpm(facts, available.npm, node);
  const [fittingNode, fittingNpm] = fit(facts, available, node, npm);
  return {
    node: fittingNode.version,
    npm: fittingNpm.version,
    evidence: [...fittingNode.evidence, ...fittingNpm.evidence],
  };
}

/** Longer than any range that a person wrote; one that is longer says nothing, and is not read for minutes. */
const MOST_RANGE = 256;

function short(text: string | null | undefined): string | null {
  return text == null || text.length > MOST_RANGE ? null : text;
}

function chooseNode(facts: ToolchainFacts, versions: readonly ToolVersion[]): Choice {
  const stated = statedVersion(
    versions,
    facts.nodeVersion,
    'node-version',
    'The registry says that it was published with Node',
  );
  if (stated !== null) return stated;
  const at = facts.publishedAt;
  const file = facts.nodeVersionFile?.trim() ?? '';
  const wanted = rangeOfFile(file, at);
  const byFile = wanted === null ? null : newest(versions, wanted, at);
  if (byFile !== null)
    return choice(
      byFile,
      'node-version-file',
      `The repository asks for Node ${JSON.stringify(file.slice(0, 40))}.`,
    );
  const line = supportedLine(at);
  const time = `Node ${line.major} was the long-term-support release when it was published.`;
  const current = newest(versions, `${line.major}`, at) ?? nextLine(versions, line.major);
  const engines = semver.validRange(facts.engines ?? '*');
  if (engines === null || engines === '*' || (current !== null && semver.satisfies(current, engines)))
    return choice(current ?? last(versions, 'Node'), 'publish-time', time);
  return (
    byEngines(versions, engines, at) ??
    choice(
      current ?? last(versions, 'Node'),
      'publish-time',
      `${time} No other Node of the time is in ${engines}.`,
    )
  );
}

/** The newest of the lowest release line above one that the registry does not have. */
function nextLine(versions: readonly ToolVersion[], major: number): string | null {
  const above = NODE_LINES.filter((line) => line.major > major);
  return (
    above.map((line) => newest(versions, `${line.major}`, null)).find((version) => version !== null) ?? null
  );
}

/** The lowest release line that the manifest's `engines` allow: what its author must have had at least. */
function byEngines(versions: readonly ToolVersion[], engines: string, at: Date): Choice | null {
  for (const { major } of NODE_LINES) {
    const line = versions.filter(({ version }) => semver.major(version) === major);
    const version = newest(line, engines, at);
    if (version !== null)
      return choice(version, 'engines', `The manifest's engines ask for Node ${engines}.`);
  }
  return null;
}

function chooseNpm(facts: ToolchainFacts, versions: readonly ToolVersion[], node: Choice): Choice {
  const at = facts.publishedAt;
  const named = /^npm@(\d+\.\d+\.\d+)(?:\+|$)/.exec(facts.packageManager ?? '')?.[1];
  const stated =
    statedVersion(
      versions,
      facts.npmVersion,
      'npm-version',
      'The registry says that it was published with npm',
    ) ?? statedVersion(versions, named, 'package-manager', 'The manifest names npm');
  if (stated !== null) return safeToPack(facts, versions, stated);
  const bundled = bundledNpm(semver.major(node.version), at);
  const { range, kind, detail } = npmRange(facts, bundled);
  const version =
    newest(versions, range, at) ?? newest(versions, `>=${bundled}`, at) ?? last(versions, 'npm');
  return safeToPack(facts, versions, choice(version, kind, detail));
}

interface Reasoned extends Evidence {
  readonly range: string;
}

function npmRange(facts: ToolchainFacts, bundled: number): Reasoned {
  const { gzip, lockfileVersion } = facts;
  const marks = gzip == null ? null : npmOfGzip(gzip.extraFlags, gzip.operatingSystem);
  // The lockfile decides how dependencies are resolved, the gzip header only who packed.
  if (facts.purpose === 'build' && lockfileVersion != null) {
    // npm 6 reads version 2 as well, and does not write it.
    if (lockfileVersion === 2 && bundled === 6 && marks === BEFORE_7)
      return {
        range: '6',
        kind: 'fingerprint',
        detail: `${headerOf(gzip)} is that of npm 6, which came with this Node.`,
      };
    const range = npmOfLockfile(lockfileVersion, bundled);
    return { range, kind: 'lockfile', detail: `Lockfile version ${lockfileVersion} goes with npm ${range}.` };
  }
  const byTime = {
    range: `${bundled}`,
    kind: 'publish-time',
    detail: `npm ${bundled} came with this Node when it was published.`,
  };
  if (marks === null) return byTime;
  // The header rules majors out; within what is left the time decides.
  if (semver.intersects(`${bundled}`, marks)) return { ...byTime, range: `${bundled} ${marks}` };
  const detail = `${headerOf(gzip)} is that of npm ${marks}.`;
  return { range: marks === '>=7.7.0' ? '>=7.7.0 <9.0.0' : marks, kind: 'fingerprint', detail };
}

function headerOf(gzip: ToolchainFacts['gzip']): string {
  return `Its gzip header (XFL ${gzip?.extraFlags}, OS ${gzip?.operatingSystem})`;
}

const BEFORE_7 = '<7.0.0';

/** npm's gzip headers by era: minizlib's portable mode (7.0), then level 9 (7.7); before, what zlib writes. */
function npmOfGzip(extraFlags: number, operatingSystem: number): string | null {
  if (extraFlags === 2 && operatingSystem === 255) return '>=7.7.0';
  if (extraFlags === 0 && operatingSystem === 255) return '>=7.0.0 <7.7.0';
  if (extraFlags === 0 && (operatingSystem === 3 || operatingSystem === 19)) return BEFORE_7;
  return null;
}

/** npm 6 writes version 1, npm 7 and 8 version 2, and 3 since npm 9, which leaves version 2 where it is (npm docs, lockfile-version). */
function npmOfLockfile(version: number, bundled: number): string {
  if (version <= 1) return '6';
  if (version === 2) return bundled === 7 || bundled >= 9 ? `${bundled}` : '8';
  return `${Math.max(9, bundled)}`;
}

/** npm 7 to 10 run `prepare` when they pack, even with --ignore-scripts; all since 7.7 write the same tar. */
function safeToPack(facts: ToolchainFacts, versions: readonly ToolVersion[], chosen: Choice): Choice {
  const major = semver.major(chosen.version);
  if (facts.purpose !== 'pack' || facts.hasPrepare === false || major < 7 || major > 10) return chosen;
  const version = newest(versions, '11', null);
  if (version === null) return chosen;
  const detail = `npm ${chosen.version} would run the package's prepare script to pack it; npm ${version} does not.`;
  return { version, stated: false, evidence: [...chosen.evidence, { kind: 'pack-without-scripts', detail }] };
}

/** npm must be able to run on Node: to build, Node matters more; to pack, npm does. */
function fit(
  facts: ToolchainFacts,
  available: AvailableTools,
  node: Choice,
  npm: Choice,
): readonly [Choice, Choice] {
  const range = available.npm.find(({ version }) => version === npm.version)?.nodeRange ?? '*';
  if (runsOn(npm.version, range, node.version) || (node.stated && npm.stated && facts.purpose === 'build'))
    return [node, npm];
  if (facts.purpose === 'pack') {
    const lines = NODE_LINES.filter(
      ({ supported }) => Date.parse(supported) <= facts.publishedAt.getTime(),
    ).toReversed();
    const fitting = available.node.filter(({ version }) => runsOn(npm.version, range, version));
    const inTime = lines
      .map(({ major }) => newest(fitting, `${major}`, null))
      .find((version) => version !== null);
    const later = NODE_LINES.map(({ major }) => newest(fitting, `${major}`, null)).find(
      (version) => version !== null,
    );
    const version = inTime ?? later;
    if (version != null) return [changed(node, version, `npm ${npm.version} needs Node ${range}.`), npm];
  }
  const fitting = available.npm.filter((one) => runsOn(one.version, one.nodeRange ?? '*', node.version));
  const bundled = bundledNpm(semver.major(node.version), facts.publishedAt);
  const version = newest(fitting, `${bundled}`, facts.publishedAt) ?? newest(fitting, '*', null);
  if (version === null) throw none('npm', `No npm runs on Node ${node.version}.`);
  return [node, changed(npm, version, `npm ${npm.version} needs Node ${range}, not ${node.version}.`)];
}

/** npm 6 declares that it runs on every later Node, but was last released for Node 14. */
function runsOn(npm: string, range: string, node: string): boolean {
  if (semver.major(npm) <= 6 && semver.major(node) > 16) return false;
  return semver.validRange(range) === null || semver.satisfies(node, range);
}

function changed(before: Choice, version: string, detail: string): Choice {
  return { version, stated: false, evidence: [...before.evidence, { kind: 'npm-engines', detail }] };
}

/** What `.nvmrc` and `.node-version` may say (nvm, README); aliases by the calendar of the time. */
function rangeOfFile(text: string, at: Date): string | null {
  const word = text.split(/\s/, 1)[0]?.toLowerCase() ?? '';
  if (word === 'lts/*') return `${supportedLine(at).major}`;
  const codename = /^lts\/([a-z]+)$/.exec(word)?.[1];
  if (codename !== undefined) return rangeOfCodename(codename);
  if (word === 'node' || word === 'stable' || word === 'latest') {
    const released = NODE_LINES.findLast(({ released: date }) => Date.parse(date) <= at.getTime());
    return released === undefined ? null : `${released.major}`;
  }
  return word === '' || word === '*' ? null : semver.validRange(word);
}

function rangeOfCodename(codename: string): string | null {
  const found = NODE_LINES.find((line) => line.codename === codename);
  return found === undefined ? null : `${found.major}`;
}
