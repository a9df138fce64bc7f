import path from 'node:path/posix';
import type { Archive, GzipHeader } from '../model/artifact.ts';

/** What packers leave in an archive beside its files: marks to recognise one by, none of them evidence. */
export interface ArchiveMarks {
  readonly header: GzipHeader;
  /** Rule that the order of the files follows; null when it follows none that is known. */
  readonly order: string | null;
  /** How many different times the entries have, and the first and the last of them, ISO 8601; null without any. */
  readonly times: { readonly distinct: number; readonly earliest: string; readonly latest: string } | null;
}

/** Reads header, order and times of an archive. Pure. */
export function archiveMarks(archive: Archive): ArchiveMarks {
  const { flags, mtime, extraFlags, operatingSystem } = archive.gzip;
  const paths = archive.entries.filter((entry) => entry.type !== 'directory').map((entry) => entry.path);
  return {
    header: { flags, mtime, extraFlags, operatingSystem },
    order: orderOf(paths),
    times: timesOf(archive),
  };
}

type Compare = (a: string, b: string) => number;

const byText: Compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
const inEnglish: Compare = (a, b) => a.localeCompare(b, 'en');

/** The plainest rule first: of few files several hold. */
const ORDERS: Readonly<Record<string, Compare>> = {
  'by path': byText,
  'by path, as English sorts': inEnglish,
  'by extension, then name': (a, b) =>
    inEnglish(path.extname(a).toLowerCase(), path.extname(b).toLowerCase()) ||
    inEnglish(path.basename(a).toLowerCase(), path.basename(b).toLowerCase()) ||
    inEnglish(a, b),
};

function orderOf(paths: readonly string[]): string | null {
  if (paths.length < 2) return null;
  const [first = '', ...rest] = paths;
  const rule = ruleOf(paths);
  if (rule !== null) return rule;
  const ruleOfRest = rest.length < 2 ? null : ruleOf(rest);
  return ruleOfRest === null ? null : `${first} first, then ${ruleOfRest}`;
}

function ruleOf(paths: readonly string[]): string | null {
  const follows = (compare: Compare) =>
    paths.every((one, index) => index === 0 || compare(paths[index - 1] ?? '', one) <= 0);
  return Object.entries(ORDERS).find(([, compare]) => follows(compare))?.[0] ?? null;
}

function timesOf({ entries }: Archive): ArchiveMarks['times'] {
  const stated = new Set(entries.flatMap((entry) => (entry.mtime === null ? [] : [entry.mtime])));
  const times = [...stated].toSorted((a, b) => a - b);
  const [earliest, latest] = [isoOf(times[0]), isoOf(times.at(-1))];
  return earliest === null || latest === null ? null : { distinct: times.length, earliest, latest };
}

/** Null for what is no time that ISO 8601 can write: a header may hold any number. */
function isoOf(seconds: number | undefined): string | null {
  const milliseconds = (seconds ?? Number.NaN) * 1000;
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : null;
}
