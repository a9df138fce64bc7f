/** Milliseconds that the stages of one run took. */
export interface StageTimings {
  publishedMs: number;
  sourceMs: number;
  planMs: number;
  rebuildMs: number;
  compareMs: number;
  totalMs: number;
}

export interface Stopwatch {
  /** Runs something and writes down how long it took. */
  time<T>(stage: Exclude<keyof StageTimings, 'totalMs'>, run: () => Promise<T>): Promise<T>;
  /** What was measured until now, in whole milliseconds. */
  timings(): StageTimings;
}

export function stopwatch(now: () => number = () => performance.now()): Stopwatch {
  const started = now();
  const measured: StageTimings = {
    publishedMs: 0,
    sourceMs: 0,
    planMs: 0,
    rebuildMs: 0,
    compareMs: 0,
    totalMs: 0,
  };
  return {
    async time(stage, run) {
      const from = now();
      try {
        return await run();
      } finally {
        measured[stage] = Math.round(now() - from);
      }
    },
    timings: () => ({ ...measured, totalMs: Math.round(now() - started) }),
  };
}
