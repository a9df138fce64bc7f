import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedResult } from '../attest-result.ts';
import { LONGEST_TIMER_MS } from '../deadline.ts';
import { type ErrorText, ReproveError } from '../errors.ts';
import type { ResultDocument } from '../report/document.ts';
import { type AttemptId, beginAttempt, endAttempt, failJob, finishJob } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import { type Expected, withExpected } from './expected.ts';
import { type Trouble, troubleOf, waitBefore } from './passing.ts';
import { Queue, type Queued } from './queue.ts';
import { finishedResult } from './result-row.ts';
import type { Verified } from './verify-apart.ts';

/** A package version that is to be verified. */
export interface Work extends Queued {
  readonly purl: string;
  /** `name@version`. */
  readonly title: string;
  readonly expected: readonly Expected[];
  /** How often each trouble was met so far. */
  readonly met: Readonly<Partial<Record<Trouble, number>>>;
}

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
export interface RunTools {
  readonly store: Store;
  /** @param signal ends it, with the run */
  verify(purl: string, signal: AbortSignal): Promise<Verified>;
  /** Why a result is none yet and its job is left to do; null: it is one. Default: every result is. */
  tooEarly?(work: Work, document: ResultDocument): string | null;
  /** What a policy makes of a result. */
  judge(document: ResultDocument): ResultDocument;
  /** Signs a result as the user wants it, or not at all. Throws ReproveError. */
  sign(document: ResultDocument): Promise<SignedResult>;
  now(): Date;
  onStart(work: Work): void;
  /** When it is stored. */
  onResult(document: ResultDocument): void;
  onRetry(work: Work, trouble: { readonly detail: string; readonly waitMs: number }): void;
  onFailure(work: Work, failure: Failure): void;
}

/** Why there is no verdict. */
export interface Failure {
  readonly code: string;
  readonly text: ErrorText;
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
  #wake = Promise.withResolvers<void>();

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
        this.#wakeAll();
      }
    } finally {
      this.#isArriving = false;
      this.#wakeAll();
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
        this.#wakeAll();
      }
    }
  }

  #wakeAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Waits until something may have become ready, or all is done. */
  async #changed(): Promise<void> {
    const at = this.#queue.nextAt();
    const waitMs =
      at === null ? LONGEST_TIMER_MS : Math.min(Math.max(at - performance.now(), 1), LONGEST_TIMER_MS);
    const { signal } = this.#request;
    const timer = new AbortController();
    const over = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, timer.signal]) });
    await Promise.race([over, this.#wake.promise]).catch(() => undefined);
    timer.abort();
    await over.catch(() => undefined);
  }

  async #attempt(work: Work): Promise<void> {
    const { store, now, onStart, verify } = this.#tools;
    const attempt = await beginAttempt(store, { batchId: this.#request.batchId, purl: work.purl }, now());
    onStart(work);
    const verified = await verify(work.purl, this.#request.signal);
    const early = verified.kind === 'judged' ? this.#tools.tooEarly?.(work, verified.document) : null;
    if (early != null) {
      await endAttempt(store, attempt, { outcome: 'retried', detail: early, now: now() });
      return;
    }
    if (verified.kind === 'stopped') {
      await endAttempt(store, attempt, { outcome: 'stopped', detail: null, now: now() });
      return;
    }
    if (await this.#again(work, attempt, verified)) return;
    const signed = verified.kind === 'judged' ? await this.#sign(work, verified.document) : verified;
    if (!('kind' in signed)) await this.#finish(work, attempt, signed);
    else if (!(await this.#again(work, attempt, signed))) await this.#fail(work, attempt, failureOf(signed));
  }

  /** Puts it back into the queue when it met something that passes, unless it was tried often enough. */
  async #again(work: Work, attempt: AttemptId, ended: Ended): Promise<boolean> {
    const trouble = troubleOf(ended);
    this.#away = trouble === 'environment' ? this.#away + 1 : 0;
    const { firstWaitMs } = this.#request;
    const tried = (work.met[trouble] ?? 0) + 1;
    const waitMs = waitBefore(trouble, tried, firstWaitMs);
    if (waitMs === null) return false;
    const detail = detailOf(ended);
    const { store, now, onRetry } = this.#tools;
    await endAttempt(store, attempt, { outcome: 'retried', detail, now: now() });
    const readyAt = performance.now() + waitMs;
    this.#queue.put({ ...work, readyAt, met: { ...work.met, [trouble]: tried } });
    // The next ones would meet the same: asking a registry that says "too many" for a thousand more helps nobody.
    if (this.#away > this.#request.workers) this.#queue.pauseUntil(readyAt);
    onRetry(work, { detail, waitMs });
    return true;
  }

  /** Judges a result by what the user's files and policy ask, and signs what came of it. */
  async #sign(work: Work, document: ResultDocument): Promise<SignedResult | Unsigned> {
    const { judge, sign } = this.#tools;
    try {
      return await sign(judge(withExpected(document, work.expected)));
    } catch (error) {
      // A key that cannot be used would fail all others as well.
      if (!(error instanceof ReproveError) || error.code !== 'signing-failed') throw error;
      return { kind: 'error', error };
    }
  }

  async #finish(work: Work, attempt: AttemptId, signed: SignedResult): Promise<void> {
    const { store, now, onResult } = this.#tools;
    const { terms, limitMs } = this.#request;
    const result = finishedResult(signed, { work, terms, limitMs, now: now() });
    if (await finishJob(store, attempt, result, now())) onResult(signed.document);
  }

  async #fail(work: Work, attempt: AttemptId, failure: Failure): Promise<void> {
    const { store, now, onFailure } = this.#tools;
    const detail = failure.text.what;
    await failJob(store, attempt, { detail, failure: JSON.stringify(failure), now: now() });
    onFailure(work, failure);
  }
}

type Ended = Exclude<Verified, { readonly kind: 'stopped' }>;
type Unsigned = Extract<Verified, { readonly kind: 'error' }>;

function detailOf(verified: Ended): string {
  if (verified.kind === 'crashed') return verified.detail;
  if (verified.kind === 'error') return `${verified.error.text.what} ${verified.error.text.why}`;
  return verified.document.reason?.message ?? '';
}

function failureOf(verified: Exclude<Ended, { readonly kind: 'judged' }>): Failure {
  if (verified.kind === 'error') return { code: verified.error.code, text: verified.error.text };
  return {
    code: 'internal',
    text: {
      what: 'The process that verified it gave no answer, each time that it was tried.',
      why: verified.detail,
      next: 'Verify it alone with "reprove verify" to see more, and please report it; nothing is known of this package version.',
    },
  };
}
