import type { Reading, Revision, Rule } from './revision.ts';

const DAY_MS = 24 * 3_600_000;
const MONTH_MS = 30 * DAY_MS;
/** A registry takes over packages that belong together within weeks, and what hardly anybody asks for up to years later. */
const TAKEN_OVER_MS = [60 * DAY_MS, 730 * DAY_MS] as const;

/** Without a lockfile a publisher builds with what was installed some time before. */
export function olderInstall(reading: Reading): Revision | null {
  const { plan, went } = reading;
  const hasOther = went.kind === 'differed' && went.differences.some(({ kind }) => kind === 'content');
  if (!isResolved(reading) || !hasOther) return null;
  const registryTime = new Date(Date.parse(plan.registryTime) - MONTH_MS).toISOString();
  const why = `built files differ and there is no lockfile: dependencies as of ${registryTime}, a month earlier`;
  return { why, change: { registryTime } };
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
  const { plan, went } = reading;
  const taken = timeTakenOver(reading);
  const isOfBuild = went.kind === 'differed' || went.code === 'build-failed' || went.code === 'fetch-failed';
  if (taken === null || !isOfBuild || !isResolved(reading)) return null;
  if (Date.parse(plan.registryTime) > taken) return null;
  const at = new Date(taken + after).toISOString();
  const why = `the registry's times are those at which it took the packages over: dependencies as of ${at}`;
  return { why, change: { registryTime: at, conclusive: false } };
}

function isResolved({ plan }: Reading): boolean {
  return plan.evidence.some(({ kind }) => kind === 'resolution');
}

/** When the registry had the package, milliseconds since the epoch; null where its time is that of the publication. */
function timeTakenOver({ request }: Reading): number | null {
  const stated = Date.parse(request.published.publishedAt ?? '');
  return Number.isNaN(stated) || stated <= Date.parse(request.instant) + DAY_MS ? null : stated;
}
