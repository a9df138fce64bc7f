import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/**
 * When a package version was published, as far as it can be known. A registry's time is believed when it lies between
 * the commit and a week after it. Mirrors write down when they first saw a version, which can be years late; then the
 * commit's own instant plus an hour is nearer.
 *
 * @param options.registryTime ISO 8601, or null when the registry gives none
 * @param options.committedAt ISO 8601
 * @returns `instant` (ISO 8601, UTC) and a signal when the registry's time is not used
 */
export function publishInstant(options: { registryTime: string | null; committedAt: string }): {
  readonly instant: string;
  readonly signal: Signal | null;
} {
  const committed = Date.parse(options.committedAt);
  const registered = options.registryTime === null ? Number.NaN : Date.parse(options.registryTime);
  if (registered >= committed && registered - committed <= WEEK_MS) {
    return { instant: new Date(registered).toISOString(), signal: null };
  }
  const instant = new Date(committed + HOUR_MS).toISOString();
  const given = Number.isNaN(registered)
    ? 'gives no publish time'
    : `says ${new Date(registered).toISOString()}`;
  const message = `The registry ${given}, the commit is of ${options.committedAt}; rebuilt as of ${instant}.`;
  return { instant, signal: signal('registry-time-implausible', message) };
}
