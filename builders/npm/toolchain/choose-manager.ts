import semver from 'semver';
import type { Evidence } from '../../../src/model/source.ts';
import { type Choice, choice, last, newest, statedVersion } from './choice.ts';
import { MANAGER_LINES, type ManagerRole } from './manager-releases.ts';
import type { ToolVersion } from './versions.ts';

/** What is known about the package manager (other than npm) of a repository. */
export interface ManagerFacts {
  readonly role: ManagerRole;
  readonly publishedAt: Date;
  /** The exact version that `packageManager` names. */
  readonly named: string | null;
  /** Ranges that the manifest's `engines` or the release workflow state, best first. */
  readonly ranges: readonly string[];
  /** As the lockfile writes it. */
  readonly lockfileVersion: string | null;
  /** Yarn only: whether the repository is one of classic yarn (below 2). */
  readonly classic: boolean;
}

/**
 * Chooses the version of a package manager by the best evidence there is, and says by which. Pure. Throws ReproveError
 * `toolchain-unavailable` when the registry has none.
 *
 * @param node the exact version that it has to run on
 */
export function chooseManager(
  facts: ManagerFacts,
  versions: readonly ToolVersion[],
  node: string,
): { readonly version: string; readonly evidence: readonly Evidence[] } {
  const { role, named, publishedAt: at } = facts;
  const sentence = `The manifest names ${role}`;
  const stated = statedVersion(versions, named, 'package-manager', sentence);
  if (stated !== null) return stated;
  const running = versions.filter(({ nodeRange }) => runsOn(nodeRange, node));
  const chosen = byRange(facts, running) ?? byLine(facts, running);
  return (
    chosen ?? choice(newest(running, '*', at) ?? last(versions, role), 'publish-time', `${role} of the time.`)
  );
}

function runsOn(nodeRange: string | null, node: string): boolean {
  return nodeRange === null || semver.validRange(nodeRange) === null || semver.satisfies(node, nodeRange);
}

function byRange(
  { ranges, role, publishedAt }: ManagerFacts,
  versions: readonly ToolVersion[],
): Choice | null {
  for (const range of ranges) {
    const version = semver.validRange(range) === null ? null : newest(versions, range, publishedAt);
    if (version !== null)
      return choice(version, 'package-manager', `The repository asks for ${role} ${range}.`);
  }
  return null;
}

/** The newest line of the time that writes such a lockfile; without a lockfile, of the time. */
function byLine(facts: ManagerFacts, versions: readonly ToolVersion[]): Choice | null {
  const { role, lockfileVersion, publishedAt: at } = facts;
  const flavour = role === 'yarn' ? (facts.classic ? '<2.0.0' : '>=2.0.0') : '*';
  const lines = MANAGER_LINES[role].filter(({ range }) => semver.intersects(range, flavour));
  const fitting = lines.filter((one) => lockfileVersion === null || one.lockfiles.includes(lockfileVersion));
  const known = fitting.length > 0 ? fitting : lines;
  const out = known.filter(({ released }) => Date.parse(released) <= at.getTime());
  const because =
    fitting.length > 0 && lockfileVersion !== null
      ? `Lockfile version ${lockfileVersion} goes with`
      : 'When it was published people used';
  // The line of the time first; older ones only where the registry, or Node, has no better.
  for (const { range } of [...out.toReversed(), ...known.filter((one) => !out.includes(one))]) {
    const version = newest(versions, range, at);
    if (version !== null) return choice(version, 'package-manager', `${because} ${role} ${range}.`);
  }
  return null;
}
