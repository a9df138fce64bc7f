import type { SignedResult } from '../attest-result.ts';
import { LONGEST_TIMER_MS } from '../deadline.ts';
import type { ResultDocument } from '../report/document.ts';
import { type AttemptId, beginAttempt, endAttempt, failJob, finishJob } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import { Bell } from './bell.ts';
import { type Again, conclude, type Failure, type Judging } from './conclude.ts';
import { Queue } from './queue.ts';
import { finishedResult } from './result-row.ts';
import type { Verified } from './verify-apart.ts';
import type { Work } from './work.ts';

export interface RunRequest {
  readonly batchId: string;
  readonly work: readonly Work[];
  /** More of it, as it comes; the run lasts until this ends as well. Default: none. */
  readonly arriving?: (signal: AbortSignal) => AsyncIterable<Work>;
  readonly workers: number;
  /** As in the store. */
  readonly terms: string;
  /** What each package version may take, milliseconds. */
  readonly limitMs: number;
  /** Before the first other try, milliseconds. */
  readonly firstWaitMs: number;
  /** Ends the run; what is in flight is stopped and left to do. */
  readonly signal: AbortSignal;
}

/** What the run works with, and who watches it. */
export interface RunTools extends Judging {
  readonly store: Store;
  /** @param signal ends it, with the run */
  verify(purl: string, signal: AbortSignal): Promise<Verified>;
  /** Why a result is none yet and its job is left to do; null: it is one. Default: every result is. */
  tooEarly?(work: Work, document: ResultDocument): string | null;
  now(): Date;
  onStart(work: Work): void;
  /** When it is stored. */
  onResult(document: ResultDocument): void;
  onRetry(work: Work, trouble: { readonly detail: string; readonly waitMs: number }): void;
  onFailure(work: Work, failure: Failure): void;
}

/**
 * Verifies what is left of a batch, several package versions at a time. At whatever instant it is ended or killed, every result
 * is stored whole or not at all, and the next run takes up the rest.
 *
 * @throws ReproveError what makes going on senseless: the store fails, or the key cannot be used
 */
export async function runBatch(request: RunRequest, tools: RunTools): Promise<void> {
  const ending = new AbortController();
  const signal = AbortSignal.any([request.signal, ending.signal]);
  const run = new Run({ ...request, signal }, tools);
  const workers = Array.from({ length: request.workers }, () => run.worker());
  const all = [run.takeIn(), ...workers].map((one) =>
    one.catch((error: unknown) => {
      ending.abort();
      throw error;
    }),
  );
  const ended = await Promise.allSettled(all);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

class Run {
  readonly #request: RunRequest;
  readonly #tools: RunTools;
  readonly #queue: Queue<Work>;
  #inFlight = 0;
  #isArriving = true;
  /** How many package versions in a row met that something is away on which all of them depend. */
  #away = 0;
  readonly #bell = new Bell();

  constructor(request: RunRequest, tools: RunTools) {
    this.#request = request;
    this.#tools = tools;
    this.#queue = new Queue(request.work);
  }

  /** Puts what arrives into the queue, until nothing more will. */
  async takeIn(): Promise<void> {
    const { arriving, signal } = this.#request;
    try {
      for await (const work of arriving?.(signal) ?? []) {
        this.#queue.put(work);
        this.#bell.ring();
      }
    } finally {
      this.#isArriving = false;
      this.#bell.ring();
    }
  }

  async worker(): Promise<void> {
    while (!this.#request.signal.aborted) {
      const work = this.#queue.take(performance.now());
      if (work === null) {
        if (this.#queue.length === 0 && this.#inFlight === 0 && !this.#isArriving) return;
        await this.#changed();
        continue;
      }
      this.#inFlight += 1;
      try {
        await this.#attempt(work);
      } finally {
        this.#inFlight -= 1;
        this.#bell.ring();
      }
    }
  }

  /** Waits until something may have become ready, or all is done. */
  async #changed(): Promise<void> {
    const at = this.#queue.nextAt();
    await this.#bell.wait(at === null ? LONGEST_TIMER_MS : at - performance.now(), this.#request.signal);
  }

  async #attempt(work: Work): Promise<void> {
    const { store, now, onStart, verify, judge, sign } = this.#tools;
    const attempt = await beginAttempt(store, { batchId: this.#request.batchId, purl: work.purl }, now());
    onStart(work);
    const verified = await verify(work.purl, this.#request.signal);
    const early = verified.kind === 'judged' ? this.#tools.tooEarly?.(work, verified.document) : null;
    if (early != null) {
      await endAttempt(store, attempt, { outcome: 'retried', detail: early, now: now() });
      return;
    }
    const { firstWaitMs } = this.#request;
    const conclusion = await conclude(verified, { work, firstWaitMs, judge, sign });
    if (conclusion.kind !== 'stopped') this.#away = conclusion.isAway ? this.#away + 1 : 0;
    switch (conclusion.kind) {
      case 'stopped':
        await endAttempt(store, attempt, { outcome: 'stopped', detail: null, now: now() });
        return;
      case 'again':
        await this.#again(work, attempt, conclusion);
        return;
      case 'judged':
        await this.#finish(work, attempt, conclusion.signed);
        return;
      case 'failed':
        await this.#fail(work, attempt, conclusion.failure);
    }
  }

  /** Puts it back into the queue: it met something that passes. */
  async #again(work: Work, attempt: AttemptId, again: Again): Promise<void> {
    const { detail, waitMs, met } = again;
    const { store, now, onRetry } = this.#tools;
    await endAttempt(store, attempt, { outcome: 'retried', detail, now: now() });
    const readyAt = performance.now() + waitMs;
    this.#queue.put({ ...work, readyAt, met });
    // The next ones would meet the same: asking a registry that says "too many" for a thousand more helps nobody.
    if (this.#away > this.#request.workers) this.#queue.pauseUntil(readyAt);
    onRetry(work, { detail, waitMs });
  }

  async #finish(work: Work, attempt: AttemptId, signed: SignedResult): Promise<void> {
    const { store, now, onResult } = this.#tools;
    const { terms, limitMs } = this.#request;
    const result = finishedResult(signed, { work, terms, limitMs, now: now() });
    if (await finishJob(store, attempt, result, { now: now() })) onResult(signed.document);
  }

  async #fail(work: Work, attempt: AttemptId, failure: Failure): Promise<void> {
    const { store, now, onFailure } = this.#tools;
    const detail = failure.text.what;
    await failJob(store, attempt, { detail, failure: JSON.stringify(failure), now: now() });
    onFailure(work, failure);
  }
}
