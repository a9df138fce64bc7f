import type { Reading, Revision } from './revision.ts';

const DAY_MS = 24 * 3_600_000;
const MONTH_MS = 30 * DAY_MS;
/** A registry that took over others' packages did so for weeks. */
const TAKEN_OVER_MS = 60 * DAY_MS;

/** Without a lockfile a publisher builds with what was installed some time before. */
export function olderInstall(reading: Reading): Revision | null {
  const { plan, went } = reading;
  const hasOther = went.kind === 'differed' && went.differences.some(({ kind }) => kind === 'content');
  if (!isResolved(reading) || !hasOther || timeTakenOver(reading) !== null) return null;
  const registryTime = new Date(Date.parse(plan.registryTime) - MONTH_MS).toISOString();
  const why = `built files differ and there is no lockfile: dependencies as of ${registryTime}, a month earlier`;
  return { why, change: { registryTime } };
}

/**
 * A registry whose times are those at which it took packages over hides most of what there was when the package was
 * published, and the lowest versions that must have been there do not always fit together: those that it took over with the
 * package do. Some of them are younger than the package, so that a difference says nothing.
 */
export function installAsTakenOver(reading: Reading): Revision | null {
  const { plan, went } = reading;
  const at = timeTakenOver(reading);
  const isOfBuild = went.kind === 'differed' || went.code === 'build-failed' || went.code === 'fetch-failed';
  if (at === null || !isOfBuild || !isResolved(reading) || plan.registryTime >= at) return null;
  const why = `the registry's times are those at which it took the packages over: dependencies as of ${at}`;
  return { why, change: { registryTime: at, conclusive: false } };
}

function isResolved({ plan }: Reading): boolean {
  return plan.evidence.some(({ kind }) => kind === 'resolution');
}

/** When the registry had the package and what it needs, ISO 8601; null where its time is that of the publication. */
function timeTakenOver({ request }: Reading): string | null {
  const stated = Date.parse(request.published.publishedAt ?? '');
  if (Number.isNaN(stated) || stated <= Date.parse(request.instant) + DAY_MS) return null;
  return new Date(stated + TAKEN_OVER_MS).toISOString();
}
