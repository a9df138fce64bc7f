import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedResult } from '../attest-result.ts';
import type { ResultDocument } from '../report/document.ts';
import { putBackJob, type TakenJob } from '../store/claims.ts';
import { failJob, finishJob } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import type { QueuedJob, WorkQueue } from '../store/queue.ts';
import { type Limit, takeTurns } from '../store/turns.ts';
import { type Again, conclude, type Failure, type Judging } from './conclude.ts';
import { endWhenDone } from './end-batch.ts';
import { finishedResult } from './result-row.ts';
import { type Rates, registryLimits, sourceLimits } from './turns.ts';
import type { Verified } from './verify-apart.ts';
import { type Work, workOf } from './work.ts';

export interface OneRequest {
  /** As in the store. */
  readonly terms: string;
  readonly registryHost: string;
  readonly rates: Rates;
  /** A package version with which so many processes were killed is given up. */
  readonly mostLosses: number;
}

export interface VerifyOptions {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Waited for before the source is fetched. */
  readonly onSource: (repository: string | null) => Promise<void>;
}

/** What a worker does a job with, and who watches it. */
export interface OneTools extends Judging {
  readonly store: Store;
  readonly queue: WorkQueue;
  verify(purl: string, options: VerifyOptions): Promise<Verified>;
  now(): Date;
  onStart(work: Work): void;
  /** When it is stored. */
  onResult(document: ResultDocument): void;
  /** It is put back, for it met something that passes, or has to wait for its turn. */
  onRetry(work: Work, trouble: { readonly detail: string; readonly waitMs: number }): void;
  onFailure(work: Work, failure: Failure): void;
}

/** How a job left a worker. */
export interface Left {
  /** What everything depends on was away; null when it was not, or nobody can say. */
  readonly isAway: boolean | null;
  /** Milliseconds until it is tried again; 0 when it is not. */
  readonly waitMs: number;
}

/** A turn that is further away is not waited for: the job goes back, and something else is done meanwhile. */
const LONGEST_TURN_MS = 20_000;
const OUT_OF_TURN = 'Its host or its repository was asked as often as the workers may.';

/**
 * Does one job that was taken from the queue: waits for its turn, has it verified, stores what came of it.
 *
 * @param signal stops it; the job goes back to the queue
 * @throws ReproveError what makes going on senseless: the store fails, or the key cannot be used
 */
export async function workOne(
  taken: TakenJob,
  request: OneRequest,
  context: { readonly tools: OneTools; readonly signal: AbortSignal },
): Promise<Left> {
  return new OneJob(taken, request, context).run();
}

class OneJob {
  readonly #taken: TakenJob;
  readonly #request: OneRequest;
  readonly #tools: OneTools;
  readonly #signal: AbortSignal;
  readonly #work: Work;
  readonly #job: QueuedJob;

  constructor(
    taken: TakenJob,
    request: OneRequest,
    { tools, signal }: { readonly tools: OneTools; readonly signal: AbortSignal },
  ) {
    this.#taken = taken;
    this.#request = request;
    this.#tools = tools;
    this.#signal = signal;
    const { job, losses } = taken.claim;
    this.#work = workOf(taken.job, { costMs: job.costMs, met: job.met });
    this.#job = { ...job, losses };
  }

  async run(): Promise<Left> {
    const { registryHost, rates, mostLosses } = this.#request;
    if (this.#job.losses >= mostLosses) return this.#fail(poisoned(this.#job.losses));
    const { repository } = this.#job;
    const turn = await this.#turn([
      ...registryLimits(registryHost, rates),
      ...sourceLimits(repository, rates),
    ]);
    if (turn > LONGEST_TURN_MS) return this.#defer(turn, repository);
    this.#tools.onStart(this.#work);
    return this.#verify();
  }

  /** Waits for the next turn, unless it is too far away. */
  async #turn(limits: readonly Limit[], signal: AbortSignal = this.#signal): Promise<number> {
    const waitMs = await takeTurns(this.#tools.store, limits, LONGEST_TURN_MS);
    // Whoever is stopped meanwhile sees it by the signal.
    if (waitMs <= LONGEST_TURN_MS) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    return waitMs;
  }

  async #verify(): Promise<Left> {
    const { verify, judge, sign } = this.#tools;
    const deferring = new AbortController();
    const signal = AbortSignal.any([this.#signal, deferring.signal]);
    const met: { farTurn: { readonly waitMs: number; readonly repository: string | null } | null } = {
      farTurn: null,
    };
    const verified = await verify(this.#work.purl, {
      limitMs: this.#job.limitMs,
      signal,
      onSource: async (repository) => {
        if (repository === this.#job.repository) return;
        const waitMs = await this.#turn(sourceLimits(repository, this.#request.rates), signal);
        if (waitMs <= LONGEST_TURN_MS) return;
        met.farTurn = { waitMs, repository };
        deferring.abort();
      },
    });
    if (met.farTurn !== null) return this.#defer(met.farTurn.waitMs, met.farTurn.repository);
    const { firstWaitMs } = this.#job;
    const conclusion = await conclude(verified, { work: this.#work, firstWaitMs, judge, sign });
    switch (conclusion.kind) {
      case 'stopped':
        return this.#putBack(this.#job, { outcome: 'stopped', detail: null, afterMs: 0 });
      case 'again':
        return this.#again(conclusion);
      case 'judged':
        return this.#finish(conclusion.signed);
      case 'failed':
        return this.#fail(conclusion.failure, conclusion.isAway);
    }
  }

  async #finish(signed: SignedResult): Promise<Left> {
    const { store, queue, now, onResult } = this.#tools;
    const { claim, attempt } = this.#taken;
    const context = { work: this.#work, terms: this.#request.terms, limitMs: this.#job.limitMs, now: now() };
    const isStored = await finishJob(store, attempt, finishedResult(signed, context), {
      now: now(),
      also: (db) => queue.finish(db, claim),
    });
    if (isStored) onResult(signed.document);
    return this.#ended();
  }

  async #again({ met, detail, waitMs, isAway }: Again & { readonly isAway: boolean }): Promise<Left> {
    this.#tools.onRetry(this.#work, { detail, waitMs });
    const left = await this.#putBack({ ...this.#job, met }, { outcome: 'retried', detail, afterMs: waitMs });
    return { ...left, isAway };
  }

  async #defer(turnMs: number, repository: string | null): Promise<Left> {
    // Not all at once: those that wait for the same turn would only meet again.
    const waitMs = turnMs * (1 + Math.random());
    this.#tools.onRetry(this.#work, { detail: OUT_OF_TURN, waitMs });
    return this.#putBack(
      { ...this.#job, repository },
      { outcome: 'deferred', detail: OUT_OF_TURN, afterMs: waitMs },
    );
  }

  async #putBack(
    job: QueuedJob,
    end: {
      readonly outcome: 'stopped' | 'retried' | 'deferred';
      readonly detail: string | null;
      readonly afterMs: number;
    },
  ): Promise<Left> {
    const { store, queue, now } = this.#tools;
    await putBackJob(store, queue, this.#taken, { ...end, job, now: now() });
    return { isAway: null, waitMs: end.afterMs };
  }

  async #fail(failure: Failure, isAway: boolean | null = null): Promise<Left> {
    const { store, queue, now, onFailure } = this.#tools;
    const { attempt, claim } = this.#taken;
    const end = { detail: failure.text.what, failure: JSON.stringify(failure), now: now() };
    await failJob(store, attempt, end, (db) => queue.finish(db, claim));
    onFailure(this.#work, failure);
    return { ...(await this.#ended()), isAway };
  }

  async #ended(): Promise<Left> {
    const { store, now } = this.#tools;
    await endWhenDone(store, this.#job.batchId, now());
    return { isAway: false, waitMs: 0 };
  }
}

function poisoned(losses: number): Failure {
  return {
    code: 'internal',
    text: {
      what: `${losses} processes were killed while they verified it, and it is not tried again.`,
      why: 'It may take more memory than its machine has, or they were killed for something else at the time.',
      next: 'Verify it alone with "reprove verify" on a machine that nothing else needs; nothing is known of this package version.',
    },
  };
}
