import { setTimeout as sleep } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from '../deadline.ts';

/** Wakes whoever waits for something to change. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
    this.#rung = Promise.withResolvers();
  }

  /** Waits until it is rung, the time is over (milliseconds) or the signal is given, whichever is first. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const waitMs = Math.min(Math.max(milliseconds, 1), LONGEST_TIMER_MS);
    const over = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, timer.signal]) });
    await Promise.race([over, this.#rung.promise]).catch(() => undefined);
    timer.abort();
    await over.catch(() => undefined);
  }
}
