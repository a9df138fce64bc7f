/** How much of the time that a run may take is left. */
export interface Deadline {
  /** Milliseconds, never negative. */
  leftMs(): number;
}

/**
 * @param totalMs milliseconds from now
 * @param now a monotonic clock in milliseconds
 */
export function deadlineIn(totalMs: number, now: () => number = () => performance.now()): Deadline {
  const end = now() + totalMs;
  return { leftMs: () => Math.max(0, end - now()) };
}

/** The longest that a timer can wait, milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that aborts when the deadline is over; never, for no deadline. */
export function signalAt(deadline: Deadline | null): AbortSignal {
  if (deadline === null) return new AbortController().signal;
  return AbortSignal.timeout(Math.min(Math.ceil(deadline.leftMs()), LONGEST_TIMER_MS));
}
