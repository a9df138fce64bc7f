import { datePairs } from '../../src/compare/dates.ts';
import { textOf } from '../../src/compare/utf8.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { PlanRequest } from '../../src/ecosystem.ts';
import { join } from './install-root.ts';
import { parseManifest } from './manifest.ts';
import type { Reading, Revision, Rule } from './revision.ts';
import { directoryOf } from './step-places.ts';

const DAY_MS = 24 * 3_600_000;
const MONTH_MS = 30 * DAY_MS;
/** A registry takes over packages that belong together within weeks, and what hardly anybody asks for up to years later. */
const TAKEN_OVER_MS = [60 * DAY_MS, 730 * DAY_MS] as const;

/**
 * Whoever has installed the dependencies of a manifest without a lockfile goes on with them until it names others: they may be
 * as of the commit that gave it those that it has.
 */
export async function installWithManifest(reading: Reading): Promise<Revision | null> {
  const { request, plan } = reading;
  if (!isResolved(reading) || !hasOtherContents(reading)) return null;
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  const since = install === undefined ? null : await tablesSince(request, directoryOf(install));
  const time = Date.parse(since ?? '');
  if (Number.isNaN(time) || time > Date.parse(plan.registryTime) - DAY_MS) return null;
  const registryTime = new Date(time).toISOString();
  const why = `built files differ and there is no lockfile: dependencies as of ${registryTime}, when the manifest came to name these`;
  return { why, change: anotherTime(reading, registryTime) };
}

/** When the manifest of a folder came to have the dependencies that it has; null where that is not to be told. */
async function tablesSince(request: PlanRequest, directory: string): Promise<string | null> {
  const file = join(directory, 'package.json');
  const now = tablesIn(await request.readText(file));
  if (now === null) return null;
  let since: string | null = null;
  // Where it ends with the same tables, they are older than the history that is seen, or as old as the file.
  for (const { committedAt, text } of await request.historyOf(file)) {
    if (tablesIn(await text()) !== now) break;
    since = committedAt;
  }
  return since;
}

function tablesIn(text: string | null): string | null {
  const manifest = text === null ? null : parseManifest(text);
  return manifest === null ? null : JSON.stringify([manifest.dependencies, manifest.devDependencies]);
}

/** Where the registry hides what there was, another time is a guess on top of guesses: a difference then says nothing. */
function anotherTime({ hidesVersions }: Reading, registryTime: string): Revision['change'] {
  return hidesVersions ? { registryTime, conclusive: false } : { registryTime };
}

function hasOtherContents({ went }: Reading): boolean {
  return went.kind === 'differed' && went.differences.some(({ kind }) => kind === 'content');
}

/** Without a lockfile a publisher builds with what was installed some time before. */
export function olderInstall(reading: Reading): Revision | null {
  const { plan } = reading;
  if (!isResolved(reading) || !hasOtherContents(reading)) return null;
  const registryTime = new Date(Date.parse(plan.registryTime) - MONTH_MS).toISOString();
  const why = `built files differ and there is no lockfile: dependencies as of ${registryTime}, a month earlier`;
  return { why, change: anotherTime(reading, registryTime) };
}

/**
 * A registry whose times are those at which it took packages over hides most of what there was when the package was
 * published, and the lowest versions that must have been there do not always fit together: those that it took over with the
 * package do, or the newest. Some of them are younger than the package, so that a difference says nothing.
 */
export const installsAsTakenOver: readonly Rule[] = TAKEN_OVER_MS.map(
  (after) => (reading) => installAsTakenOver(reading, after),
);

function installAsTakenOver(reading: Reading, after: number): Revision | null {
  const { went } = reading;
  const isOfBuild = went.kind === 'differed' || went.code === 'build-failed' || went.code === 'fetch-failed';
  const change = isOfBuild && isResolved(reading) ? takenOver(reading, after) : null;
  if (change === null) return null;
  const why = `the registry's times are those at which it took the packages over: dependencies as of ${change.registryTime}`;
  return { why, change };
}

/**
 * Dependencies as of when the registry took the package over, and some time after it; null where its time is that of the
 * publication, or the plan is of a later one.
 *
 * @param after milliseconds
 */
export function takenOver(
  reading: Reading,
  after: number = TAKEN_OVER_MS[0],
): { readonly registryTime: string; readonly conclusive: false } | null {
  const taken = timeTakenOver(reading);
  if (taken === null || Date.parse(reading.plan.registryTime) > taken) return null;
  return { registryTime: new Date(taken + after).toISOString(), conclusive: false };
}

/** Whether dependencies are those that there were at a time, rather than those of a lockfile. */
export function isResolved({ plan }: Reading): boolean {
  return plan.evidence.some(({ kind }) => kind === 'resolution');
}

/**
 * When the registry had the package, milliseconds since the epoch; null where its times are those of publications. A package that it
 * took over on the day of its publication has dependencies that it took over later.
 */
function timeTakenOver({ request, hidesVersions }: Reading): number | null {
  const stated = Date.parse(request.published.publishedAt ?? '');
  const isLater = stated > Date.parse(request.instant) + DAY_MS;
  return Number.isNaN(stated) || !(isLater || hidesVersions) ? null : stated;
}

/** Banners are in files of every size; larger ones are not searched. */
const MOST_BYTES_DATED = 4 * 1024 * 1024;
/** A day further from the clock of the build than this is that of another release. */
const YEAR_MS = 366 * DAY_MS;

/**
 * Where built files name the day of the build and nothing else of them differs, the published ones tell on which it was: registries
 * may have taken the package over days later, and a release may be days after its commit.
 */
export function clockOfDates({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'differed') return null;
  const day = plan.clock.slice(0, 10);
  const days = new Set(went.differences.flatMap((one) => publishedDays(one, day)));
  const [published] = days;
  if (published === undefined || days.size > 1) return null;
  if (Math.abs(Date.parse(published) - Date.parse(plan.clock)) > YEAR_MS) return null;
  // At noon it is that day in nearly every zone.
  const clock = `${published}T12:00:00.000Z`;
  return { why: `built files name the day of the build: built on ${published}`, change: { clock } };
}

/** The days, year first, that a published file names where the rebuilt one names the day of the rebuild. */
function publishedDays({ kind, published, rebuilt }: Difference, day: string): readonly string[] {
  if (kind !== 'content' || published === null || rebuilt === null) return [];
  if (published.content.length > MOST_BYTES_DATED || rebuilt.content.length > MOST_BYTES_DATED) return [];
  const [ours, theirs] = [published, rebuilt].map(({ content }) => textOf(content.subarray()));
  const pairs = typeof ours === 'string' && typeof theirs === 'string' ? datePairs(ours, theirs) : null;
  return (pairs ?? []).flatMap(({ ours: { text }, theirs: other }) =>
    text !== other.text && dayOf(other.text) === day ? [dayOf(text)].filter((one) => one !== null) : [],
  );
}

/** Null for what is no date. */
function dayOf(text: string): string | null {
  // Read as UTC, which it is unless it says otherwise.
  const hasZone = /\d\d:\d\d.*(?:z|utc|gmt|[+-]\d{2}:?\d{2})$/i.test(text);
  const isDayOfIso = /^\d{4}-\d\d-\d\d$/.test(text);
  const instant = new Date(hasZone || isDayOfIso ? text : `${text} UTC`);
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString().slice(0, 10);
}
