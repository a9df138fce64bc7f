import type { Phase } from './model/plan.ts';

/** Milliseconds; longer than all but a few installs and builds take. */
const LEAST_MS = 180_000;
/** Shares of the time that is left: an install or a build that goes on for long may never end, and must leave some for another way. */
const SHARES = { fetch: 1 / 3, build: 3 / 4, pack: 1 } as const satisfies Record<Phase, number>;

/** How long a step may take, of the milliseconds that are left for the whole run. */
export function timeOf(phase: Phase, leftMs: number): number {
  return Math.min(leftMs, Math.max(LEAST_MS, Math.round(leftMs * SHARES[phase])));
}
