import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** The last instant with a year of four digits (ISO 8601 has no other without agreement), less what may be added. */
const LATEST = Date.parse('9999-12-31T00:00:00Z');

/**
 * When a package version was published, as far as it can be known. A registry's time is believed when it lies between
 * the commit and a week after it. Mirrors write down when they first saw a version, which can be years late; then the
 * commit's own instant plus an hour is nearer. A commit can state any date, or none: then only the registry's is left.
 *
 * @param options.registryTime ISO 8601, or null when the registry gives none
 * @param options.committedAt ISO 8601, or whatever the commit has instead
 * @returns `instant` (ISO 8601, UTC) and a signal when the registry's time is not used, or cannot be checked
 */
export function publishInstant(options: { registryTime: string | null; committedAt: string }): {
  readonly instant: string;
  readonly signal: Signal | null;
} {
  const committed = instantOf(options.committedAt);
  const registered = options.registryTime === null ? null : instantOf(options.registryTime);
  const given = registered === null ? 'gives no publish time' : `says ${isoOf(registered)}`;
  if (committed === null) {
    const instant = isoOf(registered ?? 0);
    const date = options.committedAt === '' ? 'no date' : `the date ${JSON.stringify(options.committedAt)}`;
    return implausible(`The registry ${given}, the commit has ${date}; rebuilt as of ${instant}.`, instant);
  }
  if (registered !== null && registered >= committed && registered - committed <= WEEK_MS) {
    return { instant: isoOf(registered), signal: null };
  }
  const instant = isoOf(committed + HOUR_MS);
  const message = `The registry ${given}, the commit is of ${options.committedAt}; rebuilt as of ${instant}.`;
  return implausible(message, instant);
}

function implausible(message: string, instant: string) {
  return { instant, signal: signal('registry-time-implausible', message) };
}

/** Milliseconds; null for no date, and for one that no clock of a build can be set to. */
function instantOf(text: string): number | null {
  const milliseconds = Date.parse(text);
  return milliseconds >= 0 && milliseconds <= LATEST ? milliseconds : null;
}

function isoOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
