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
