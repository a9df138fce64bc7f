import { hasWaiting, type OpenAttempt, releaseJobsOf, takeJob, type TakenJob } from '../store/claims.ts';
import type { WorkQueue } from '../store/queue.ts';
import { sawWorker } from '../store/workers.ts';
import { ownerIsGone, ownerName } from '../owner.ts';
import { Bell } from './bell.ts';
import type { SharedClock } from './shared-clock.ts';
import { type Left, type OneRequest, type OneTools, workOne } from './work-one.ts';

export interface WorkerRequest extends OneRequest {
  /** In the store. */
  readonly workerId: string;
  /** How many package versions at a time. */
  readonly slots: number;
  /** After this much of draining, what is still in flight is stopped, milliseconds. */
  readonly graceMs: number;
  /** True ends when nothing is left to do; else it waits for more. */
  readonly isUntilDone: boolean;
  /** Lets it take nothing more, and end when what is in flight is done. */
  readonly drain: AbortSignal;
  /** Ends it at once; what is in flight goes back to the queue. */
  readonly stop: AbortSignal;
}

export interface WorkerTools extends Omit<OneTools, 'now'> {
  readonly queue: WorkQueue;
  readonly clock: SharedClock;
  /** Throws when the store is not any more what this version knows. */
  checkStore(): Promise<void>;
  /** Removes what sandboxes of killed processes left. */
  sweep(): Promise<void>;
  /** Some package versions were in the hands of processes that are gone. */
  onLost(count: number): void;
  /** Another process has it by now: this one did not reach the store for too long. */
  onLapsed(title: string): void;
}

/** Between two signs of life. A job is another's after eight of them (see CLAIM_MS). */
const BEAT_MS = 15_000;
/** Between two looks into an empty queue. */
const IDLE_MS = 1_000;

/**
 * Takes jobs from the queue, several at a time, until it is told to end. At whatever instant it is killed, every result is stored
 * whole or not at all, and what was in flight goes to another.
 *
 * @throws ReproveError what makes going on senseless: the store fails or was changed by a newer version, or the key cannot be used
 */
export async function runWorker(request: WorkerRequest, tools: WorkerTools): Promise<void> {
  await new Worker(request, tools).run();
}

interface InFlight {
  readonly taken: TakenJob;
  readonly stopping: AbortController;
}

class Worker {
  readonly #request: WorkerRequest;
  readonly #tools: WorkerTools;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #bell = new Bell();
  /** Aborted by what makes going on senseless. */
  readonly #failing = new AbortController();
  #failure: { readonly error: unknown } | null = null;
  /** Attempts of this process that it does not know of. */
  readonly #strays = new Set<string>();
  /** How many package versions in a row met that something is away on which all of them depend. */
  #away = 0;
  /** On the clock of `performance.now()`. */
  #pausedUntil = 0;

  constructor(request: WorkerRequest, tools: WorkerTools) {
    this.#request = request;
    this.#tools = tools;
  }

  async run(): Promise<void> {
    const { drain, stop, graceMs } = this.#request;
    const over = new AbortController();
    const stopAll = () => this.#stopAll();
    stop.addEventListener('abort', stopAll);
    const beating = this.#beatUntil(over.signal);
    let grace: NodeJS.Timeout | null = null;
    const startGrace = () => (grace = setTimeout(stopAll, graceMs));
    drain.addEventListener('abort', startGrace, { once: true });
    try {
      await this.#takeAll().catch((error: unknown) => this.#fail(error));
      while (this.#inFlight.size > 0) await this.#bell.wait(Infinity, over.signal);
    } finally {
      if (grace !== null) clearTimeout(grace);
      drain.removeEventListener('abort', startGrace);
      stop.removeEventListener('abort', stopAll);
      over.abort();
      await beating;
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #takeAll(): Promise<void> {
    const { store, queue, clock } = this.#tools;
    const { drain, stop, slots, isUntilDone } = this.#request;
    const ending = AbortSignal.any([drain, stop, this.#failing.signal]);
    await this.#releaseLost();
    while (!ending.aborted) {
      const pauseMs = this.#pausedUntil - performance.now();
      if (pauseMs > 0 || this.#inFlight.size >= slots) {
        await this.#bell.wait(pauseMs > 0 ? pauseMs : Infinity, ending);
        continue;
      }
      const taken = await takeJob(store, queue, { owner: ownerName(), now: clock.now() });
      if (taken !== null) {
        this.#begin(taken);
        continue;
      }
      if (isUntilDone && this.#inFlight.size === 0 && !(await hasWaiting(store, queue.name))) return;
      await this.#bell.wait(IDLE_MS, ending);
    }
  }

  #begin(taken: TakenJob): void {
    const stopping = new AbortController();
    if (this.#request.stop.aborted || this.#failing.signal.aborted) stopping.abort();
    const { id } = taken.claim;
    this.#inFlight.set(id, { taken, stopping });
    const tools = { ...this.#tools, now: () => this.#tools.clock.now() };
    workOne(taken, this.#request, { tools, signal: stopping.signal })
      .then((left) => this.#note(left))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#inFlight.delete(id);
        this.#bell.ring();
      });
  }

  /** The next ones would meet the same: asking a registry that says "too many" for a thousand more helps nobody. */
  #note({ isAway, waitMs }: Left): void {
    if (isAway === null) return;
    this.#away = isAway ? this.#away + 1 : 0;
    if (this.#away > this.#request.slots) this.#pausedUntil = performance.now() + waitMs;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#failing.abort();
    this.#stopAll();
  }

  #stopAll(): void {
    for (const { stopping } of this.#inFlight.values()) stopping.abort();
  }

  async #beatUntil(over: AbortSignal): Promise<void> {
    const pause = new Bell();
    while (!over.aborted) {
      await pause.wait(BEAT_MS, over);
      if (!over.aborted) await this.#beat().catch((error: unknown) => this.#fail(error));
    }
  }

  /** Says that it lives, and sees which others do not. */
  async #beat(): Promise<void> {
    const { store, queue, clock, checkStore, onLapsed } = this.#tools;
    const beginning = [...this.#inFlight.values()];
    const claims = beginning.map(({ taken }) => taken.claim);
    const { now, lapsed } = await store.query(async (db) => ({
      now: await sawWorker(db, this.#request.workerId),
      lapsed: await queue.keep(db, claims),
    }));
    clock.set(now);
    for (const { id } of lapsed) {
      const held = this.#inFlight.get(id);
      if (held === undefined || held.stopping.signal.aborted) continue;
      onLapsed(held.taken.job.name);
      held.stopping.abort();
    }
    await checkStore();
    await this.#releaseLost();
  }

  /**
   * Whether nobody works on it: its process is gone, or it is this one, which does not know of it. That happens when the server
   * goes away between giving a job and saying so. It counts the second time that it is seen: the first can be while it is taken.
   */
  #isLost({ owner, batch_id: batchId, purl, number }: OpenAttempt): boolean {
    if (owner === null || owner !== ownerName()) return owner !== null && ownerIsGone(owner);
    const attempts = [...this.#inFlight.values()].map(({ taken }) => taken.attempt);
    const isHeld = attempts.some(
      (one) => one.batchId === batchId && one.purl === purl && one.number === number,
    );
    if (isHeld) return false;
    const id = `${batchId} ${purl} ${number}`;
    if (this.#strays.has(id)) return true;
    this.#strays.add(id);
    return false;
  }

  /** What killed processes of this machine had in flight need not wait for its lease to be over. */
  async #releaseLost(): Promise<void> {
    const { store, queue, clock, sweep, onLost } = this.#tools;
    const isLost = (attempt: OpenAttempt) => this.#isLost(attempt);
    const count = await releaseJobsOf(store, queue, { isLost, now: clock.now() });
    if (count === 0) return;
    onLost(count);
    await sweep();
    this.#bell.ring();
  }
}
