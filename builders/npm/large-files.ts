import { signal } from '../../src/model/signals.ts';
import type { Entry } from '../../src/model/artifact.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { type History, tableOf } from './history.ts';
import { manifestEntry } from './judgement.ts';
import type { RawVersion } from './registry/document.ts';
import { roles } from './roles.ts';

/** What is smaller is a file like any other. */
const LARGE_BYTES = 500_000;
/** How many times the rest of the scripts a file must be that is only compared with them. */
const UNLIKE_NEIGHBOURS = 10;

/**
 * A large script that cannot have been in an earlier version, as it is larger than all files of each of them together.
 * Where the registry does not say how large those were, one that dwarfs its neighbours and that nothing of the manifest
 * names counts, as the milder signal that it is. No other version is downloaded for this.
 */
export function largeNewFile({ now, before }: History, entries: readonly Entry[]): Signal | null {
  const manifest = manifestEntry(entries)?.content.subarray() ?? null;
  const roleOf = roles(
    manifest,
    entries.map(({ path }) => path),
  );
  const scripts = entries
    .filter(({ path, type }) => type === 'file' && isRun(roleOf.get(path)))
    .map(({ path, content }) => ({ path, bytes: content.length, isNamed: roleOf.get(path) !== 'code' }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const [largest, ...others] = scripts;
  if (largest === undefined || largest.bytes < LARGE_BYTES || before.length === 0) return null;
  const sizes = before.map(({ raw }) => unpackedSize(raw));
  const known = sizes.filter((size) => size !== null);
  const what = `${largest.path} has ${kilobytes(largest.bytes)}`;
  if (unpackedSize(now) !== null && known.length === sizes.length) {
    const most = Math.max(...known);
    if (largest.bytes <= most) return null;
    const than = `all files of each of the ${sizes.length} versions before it together had at most ${kilobytes(most)}`;
    return signal('large-new-file', `${what}; ${than}.`);
  }
  const rest = others.reduce((sum, { bytes }) => sum + bytes, 0);
  if (largest.isNamed || largest.bytes <= rest * UNLIKE_NEIGHBOURS) return null;
  const than = `all other scripts together have ${kilobytes(rest)}, and nothing in package.json names it`;
  return { ...signal('large-new-file', `${what}; ${than}.`), severity: 'low' };
}

function isRun(role: string | undefined): boolean {
  return role !== undefined && role !== 'data' && role !== 'read-by-people';
}

function unpackedSize(raw: RawVersion): number | null {
  const { unpackedSize: size } = tableOf(raw, 'dist');
  return typeof size === 'number' && size > 0 ? size : null;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
