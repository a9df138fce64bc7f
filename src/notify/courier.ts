import { setTimeout as sleep } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import { endTry, nextNotice, type Notice, takeNotice } from '../store/notices.ts';
import type { Store } from '../store/open.ts';
import type { SendOutcome, Target } from './targets.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Before the second try, the third ...: the schedule of Standard Webhooks 1.0.0, "Deliverability and reliability". */
const DELAYS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
const LONGEST_DELAY_MS = 24 * HOUR;
/** So that those that failed together do not come back together. */
const JITTER = 0.1;
/** Longer than a try takes: meanwhile no other process tries the same. */
const TAKEN_MS = MINUTE;

export interface CourierOptions {
  readonly signal: AbortSignal;
  now(): Date;
  /** What a person should know. */
  onTrouble(text: string): void;
}

/**
 * Brings what is in the outbox to one place, what was due first before the rest, each at least once and with the same id each
 * time. A try that fails is made again later, by whoever runs then, for three days. Nothing waits for it.
 */
export class Courier {
  readonly #store: Store;
  readonly #target: Target;
  readonly #options: CourierOptions;
  #isWanted = false;
  #running: Promise<void> | null = null;

  constructor(store: Store, target: Target, options: CourierOptions) {
    this.#store = store;
    this.#target = target;
    this.#options = options;
  }

  /** Delivers in the background what is there, and what comes, until the signal. */
  wake(): void {
    this.#isWanted = true;
    this.#running ??= this.#whileWanted();
  }

  /** When nothing is delivered in the background any more. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  async #whileWanted(): Promise<void> {
    try {
      while (this.#isWanted && !this.#options.signal.aborted) {
        this.#isWanted = false;
        await this.deliver(Infinity);
      }
    } catch (error) {
      this.#options.onTrouble(`notifications wait for the next run: ${messageOf(error)}`);
    } finally {
      this.#running = null;
    }
  }

  /**
   * Delivers what is there.
   *
   * @param patienceMs how long to wait for what is due later; what is due after that is left in the outbox
   */
  async deliver(patienceMs: number): Promise<void> {
    const leaveAt = performance.now() + patienceMs;
    let restMs = 0;
    for (;;) {
      const notice = await nextNotice(this.#store, this.#target.id);
      if (notice === null || this.#options.signal.aborted) return;
      const waitMs = Math.max(restMs, waitFor(notice, this.#options.now()));
      if (waitMs > 0 && performance.now() + waitMs > leaveAt) return;
      if (waitMs > 0 && !(await this.#rest(waitMs))) return;
      restMs = await this.#try(notice);
    }
  }

  /** False when it was ended meanwhile. */
  async #rest(ms: number): Promise<boolean> {
    const { signal } = this.#options;
    await sleep(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  /** Gives how long to leave the place alone, milliseconds. */
  async #try(notice: Notice): Promise<number> {
    const { now } = this.#options;
    if (!(await takeNotice(this.#store, notice, after(now(), TAKEN_MS)))) return 0;
    const outcome = await this.#target.send(notice);
    const nextMs = outcome.kind === 'failed' ? nextDelay(notice.tries, outcome) : null;
    const due = after(now(), nextMs ?? 0);
    const detail = outcome.kind === 'delivered' ? null : outcome.detail;
    const ended = outcome.kind === 'delivered' ? 'delivered' : nextMs === null ? 'given-up' : null;
    await endTry(this.#store, notice, { outcome: ended, due, detail, now: now() });
    if (detail !== null) this.#tell(notice, detail, ended === null ? due : null);
    return nextMs ?? 0;
  }

  #tell({ id, tries }: Notice, detail: string, due: Date | null): void {
    const next =
      due === null
        ? `It was tried ${tries + 1} times and is given up; the store keeps it.`
        : `It is kept, and due again at ${due.toISOString()} or with the next run after that.`;
    this.#options.onTrouble(
      `notification ${id} could not be delivered to ${this.#target.shown}: ${detail} ${next}`,
    );
  }
}

/** How long until it is due. A time that no schedule gives is that of a clock that was wrong. */
function waitFor({ due_at: due }: Notice, now: Date): number {
  const ms = Date.parse(due) - now.getTime();
  return ms > LONGEST_DELAY_MS * (1 + JITTER) ? 0 : Math.max(0, ms);
}

/** Null when it was tried often enough. */
function nextDelay(
  tries: number,
  { retryAfterMs }: Extract<SendOutcome, { readonly kind: 'failed' }>,
): number | null {
  const delay = DELAYS_MS[tries];
  if (delay === undefined) return null;
  const least = Math.min(retryAfterMs ?? 0, LONGEST_DELAY_MS);
  return Math.round(Math.max(delay, least) * (1 + Math.random() * JITTER));
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
