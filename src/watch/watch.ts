import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../batch/conclude.ts';
import { runBatch, type RunRequest, type RunTools } from '../batch/run.ts';
import { type Terms, termsId } from '../batch/terms.ts';
import { type Work, workOf } from '../batch/work.ts';
import { ownerName } from '../owner.ts';
import type { ResultDocument } from '../report/document.ts';
import { type BegunBatch, beginBatch, LEASE_MS, releaseBatch, renewLease } from '../store/batches.ts';
import type { Queries } from '../store/open.ts';
import { documentsOf } from '../store/results.ts';
import {
  addSightings,
  giveJob,
  markTold,
  resultsOfPackage,
  type Sighting,
  untoldSightings,
} from '../store/sightings.ts';
import { type Alarm, alarmOf, predecessorOf, type VersionRules } from './alarm.ts';
import { Arrivals } from './arrivals.ts';
import type { Follower, Round } from './follow.ts';
import { tooEarly } from './too-early.ts';

export interface WatchRequest extends Pick<RunRequest, 'workers' | 'limitMs' | 'firstWaitMs'> {
  readonly terms: Terms;
  readonly series: string;
  /** How long a version is so new that its source may not be there yet, milliseconds. */
  readonly settleMs: number;
  /** Between two rounds, milliseconds. */
  readonly intervalMs: number;
  /** What is to be verified although it was published before. */
  readonly listed: readonly Sighting[];
  readonly signal: AbortSignal;
}

export interface WatchTools extends Pick<
  RunTools,
  'store' | 'verify' | 'judge' | 'sign' | 'now' | 'onStart' | 'onRetry'
> {
  /** @param ecosystem its purl type */
  rulesOf(ecosystem: string): VersionRules;
  /** Called before the first version is verified. */
  prepare(): Promise<void>;
  /** Whether a result that is not as it should be is still accepted. */
  isAccepted(document: ResultDocument): boolean;
  /** Stores whatever is to be told of an alarm, in the transaction in which the result counts as told. */
  storeAlarm(db: Queries, alarm: Alarm): Promise<void>;
  onResult(document: ResultDocument, alarm: Alarm | null): void;
  /** When it is stored. */
  onAlarm(alarm: Alarm): void;
  /** @param waitMs until it is looked at again; null: by the next run */
  onTooEarly(work: Work, detail: string, waitMs: number | null): void;
  onFailure(work: Work, failure: Failure): void;
}

/** How a watch ended. */
export interface WatchEnd {
  /** Versions without a result. */
  readonly waiting: number;
  /** Packages for which the registry gave no answer in the last round. */
  readonly unanswered: number;
}

/** Nothing is known of what a new version takes: the first that came is the first that is verified. */
const COST_MS = 0;
/** What has no verdict is tried again after so long, milliseconds. */
const FAILED_AGAIN_MS = 15 * 60_000;
const LONGEST_EARLY_MS = 15 * 60_000;

/** Verifies new versions of a list of packages, each once, and says which raise an alarm. */
export class Watch {
  readonly #request: WatchRequest;
  readonly #tools: WatchTools;
  readonly #batch: BegunBatch;
  readonly #arrivals = new Arrivals<Work>();
  /** What nobody was told yet, by purl. */
  readonly #untold = new Map<string, Sighting>();
  /** How often it was too early for a version. */
  readonly #early = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  /** What is being written of results that came; fails when any of it does. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(request: WatchRequest, tools: WatchTools, batch: BegunBatch) {
    this.#request = request;
    this.#tools = tools;
    this.#batch = batch;
    this.#signal = AbortSignal.any([request.signal, this.#ending.signal]);
  }

  /**
   * Takes up the watch of a list where it was left, or begins it. All its results are in one batch of the store that never ends.
   *
   * @throws ReproveError `usage` when another process watches the same list
   */
  static async open(request: WatchRequest, tools: WatchTools): Promise<Watch> {
    const { series, limitMs } = request;
    const now = tools.now();
    const terms = termsId(request.terms);
    const fresh = { terms, notBefore: now, unsettledNotBefore: now, limitMs };
    const key = createHash('sha256').update(`watch ${series}`).digest('hex');
    const batch = await beginBatch(tools.store, {
      series,
      key,
      jobs: [],
      owner: ownerName(),
      now,
      fresh,
      terms: JSON.stringify(request.terms),
      queue: null,
    });
    return new Watch(request, tools, batch);
  }

  get id(): string {
    return this.#batch.id;
  }

  /** Takes what a follower saw. */
  take(sightings: readonly Sighting[]): void {
    for (const one of sightings) this.#write(() => this.#begin(one));
  }

  /** One round: asks the registry, and verifies what is new. */
  once(follower: Follower): Promise<WatchEnd> {
    return this.#whileOwned(async () => {
      await this.#takeUp();
      const round = await follower.round();
      await this.#writing;
      const work = [...this.#untold.values()].map(workOfSighting);
      if (work.length > 0) {
        await this.#tools.prepare();
        await this.#run({ work });
      }
      return this.#end(round);
    });
  }

  /** Round after round, and verifies what is new as it comes, until the signal. */
  follow(follower: Follower): Promise<WatchEnd> {
    return this.#whileOwned(async () => {
      await this.#tools.prepare();
      await this.#takeUp();
      const parts = [
        this.#orEnd(this.#rounds(follower)),
        this.#orEnd(this.#run({ work: [], arriving: (signal) => this.#arrivals.until(signal) })),
      ] as const;
      const [round, run] = await Promise.allSettled(parts);
      if (run.status === 'rejected') throw run.reason;
      if (round.status === 'rejected') throw round.reason;
      return this.#end(round.value);
    });
  }

  async #rounds(follower: Follower): Promise<Round> {
    const signal = this.#signal;
    for (;;) {
      const round = await follower.round();
      await sleep(this.#request.intervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return round;
    }
  }

  /** Ends the other parts when one of them fails. */
  async #orEnd<T>(part: Promise<T>): Promise<T> {
    try {
      return await part;
    } catch (error) {
      this.#ending.abort();
      throw error;
    }
  }

  async #whileOwned<T>(work: () => Promise<T>): Promise<T> {
    const { store, now } = this.#tools;
    const lease = setInterval(() => {
      renewLease(store, this.#batch.id, now()).catch(() => undefined);
    }, LEASE_MS / 4);
    try {
      return await work();
    } finally {
      clearInterval(lease);
      await releaseBatch(store, this.#batch.id);
    }
  }

  /** What was seen before and not told: verified already, or not. */
  async #takeUp(): Promise<void> {
    const { store } = this.#tools;
    const { series, listed } = this.#request;
    await store.transaction((db) => addSightings(db, listed));
    const before = await untoldSightings(store, { series, id: this.#batch.id });
    for (const { result_id: id, ...sighting } of before) {
      if (id === null) {
        await this.#begin(sighting);
        continue;
      }
      this.#untold.set(sighting.purl, sighting);
      for await (const document of documentsOf(store, [id])) await this.#tell(sighting, document);
    }
  }

  async #begin(sighting: Sighting): Promise<void> {
    await giveJob(this.#tools.store, this.#batch.id, sighting);
    this.#untold.set(sighting.purl, sighting);
    this.#arrivals.push(workOfSighting(sighting));
  }

  #run(what: Pick<RunRequest, 'work' | 'arriving'>): Promise<void> {
    const { workers, terms, limitMs, firstWaitMs } = this.#request;
    const request = { batchId: this.#batch.id, workers, limitMs, firstWaitMs, signal: this.#signal };
    return runBatch(
      { ...request, ...what, terms: termsId(terms) },
      {
        ...this.#tools,
        tooEarly: (work, document) => this.#tooEarly(work, document, what.arriving !== undefined),
        onResult: (document) => {
          const sighting = this.#untold.get(document.subject.purl);
          if (sighting !== undefined) this.#write(() => this.#tell(sighting, document));
        },
        onFailure: (work, failure) => {
          this.#tools.onFailure(work, failure);
          if (what.arriving !== undefined) this.#write(() => this.#failedAgain(work));
        },
      },
    );
  }

  /** @param comesBack whether it is looked at again in this run */
  #tooEarly(work: Work, document: ResultDocument, comesBack: boolean): string | null {
    const sighting = this.#untold.get(work.purl);
    if (sighting === undefined) return null;
    const { settleMs, firstWaitMs } = this.#request;
    const detail = tooEarly(sighting, document, { settleMs, now: this.#tools.now() });
    if (detail === null) return null;
    if (!comesBack) {
      this.#tools.onTooEarly(work, detail, null);
      return detail;
    }
    const times = this.#early.get(work.purl) ?? 0;
    this.#early.set(work.purl, times + 1);
    const waitMs = Math.min(firstWaitMs * 2 ** times, LONGEST_EARLY_MS);
    this.#arrivals.push({ ...work, readyAt: performance.now() + waitMs });
    this.#tools.onTooEarly(work, detail, waitMs);
    return detail;
  }

  async #failedAgain(work: Work): Promise<void> {
    const sighting = this.#untold.get(work.purl);
    if (sighting === undefined) return;
    await giveJob(this.#tools.store, this.#batch.id, sighting);
    this.#arrivals.push({ ...work, met: {}, readyAt: performance.now() + FAILED_AGAIN_MS });
  }

  async #tell(sighting: Sighting, document: ResultDocument): Promise<void> {
    const { store, rulesOf, now, isAccepted, storeAlarm, onResult, onAlarm } = this.#tools;
    const results = await resultsOfPackage(store, sighting.name);
    const predecessor = predecessorOf(sighting.version, results, rulesOf(document.subject.ecosystem));
    const alarm = isAccepted(document) ? null : alarmOf(sighting, document, predecessor);
    onResult(document, alarm);
    await store.transaction(async (db) => {
      if (alarm !== null) await storeAlarm(db, alarm);
      await markTold(db, sighting, now());
    });
    if (alarm !== null) onAlarm(alarm);
    this.#untold.delete(sighting.purl);
    this.#early.delete(sighting.purl);
  }

  /** One after the other; when one fails, so does the watch. */
  #write(work: () => Promise<void>): void {
    this.#writing = this.#orEnd(this.#writing.then(work));
    this.#writing.catch(() => undefined);
  }

  async #end({ unanswered }: Round): Promise<WatchEnd> {
    await this.#writing;
    return { waiting: this.#untold.size, unanswered };
  }
}

function workOfSighting(sighting: Sighting): Work {
  return workOf(sighting, { costMs: COST_MS, met: {} });
}
