import { writeBundles } from '../attest-result.ts';
import { openBatch, type OpenedBatch } from '../batch/begin.ts';
import { reportOfBatch } from '../batch/report.ts';
import { batchNotice } from '../notify/notification.ts';
import type { Target } from '../notify/targets.ts';
import { exitCodeOfResult } from '../report/exit-code.ts';
import { jsonLine } from '../report/json-text.ts';
import type { ResultDocument } from '../report/document.ts';
import { endBatch, LEASE_MS, releaseBatch, renewLease } from '../store/batches.ts';
import { countOutcomes, findBatch } from '../store/history.ts';
import { openStore, type Store } from '../store/open.ts';
import { attestationsOf, documentsOf, outcomesOf } from '../store/results.ts';
import { verifyByWorkers } from './batch-by-workers.ts';
import { verifyHere } from './batch-here.ts';
import { readBatchInputs } from './batch-inputs.ts';
import type { BatchOptions } from './batch-options.ts';
import { type BatchQueued, openBatchQueue } from './batch-queue.ts';
import { batchProgress } from './batch-progress.ts';
import { openJudging, type UnattendedJudging } from './judging.ts';
import { Notifier, targetsOf } from './notify.ts';
import { printBatch } from './report.ts';
import { say } from './say.ts';
import { Stop } from './stop.ts';

const NO_VERDICT = 4;
const UNVERIFIABLE = 3;
const DIVERGED = 1;

/**
 * `reprove batch`: results to stdout as they come (or a report of them at the end), progress to stderr.
 *
 * @returns the exit code
 */
export async function runBatchCommand(inputs: readonly string[], options: BatchOptions): Promise<number> {
  const judging = await openJudging(options);
  const targets = await targetsOf(options);
  const listed = await readBatchInputs(inputs, options);
  const store = await openStore(options.store);
  let queued: BatchQueued | null = null;
  try {
    queued = options.queue ? await openBatchQueue(store, options, judging.terms) : null;
    const batch = await openBatch(store, {
      packages: listed.packages,
      series: options.series ?? inputs.join(' '),
      terms: queued?.terms ?? judging.terms,
      maxAgeMs: options.maxAge,
      limitMs: options.timeout * 1000,
      now: new Date(),
      queued,
    });
    const command = new BatchCommand(options, { store, batch, judging, queued, targets });
    const code = await command.run();
    return code === 0 && listed.isIncomplete ? UNVERIFIABLE : code;
  } finally {
    await queued?.queue.close();
    await store.close();
  }
}

interface Context {
  readonly store: Store;
  readonly batch: OpenedBatch;
  readonly judging: UnattendedJudging;
  /** Null when this process does it. */
  readonly queued: BatchQueued | null;
  readonly targets: readonly Target[];
}

class BatchCommand {
  readonly #options: BatchOptions;
  readonly #context: Context;
  /** The worst that results came to so far. */
  #codes = new Set<number>();

  constructor(options: BatchOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  async run(): Promise<number> {
    const { store, batch, queued } = this.#context;
    const stop = new Stop(this.#options.totalTimeout);
    const notifier = new Notifier(store, this.#context.targets, stop.signal);
    notifier.begin();
    this.#greet();
    const lease = setInterval(() => {
      // Whoever cannot be told now is told a little later; a store that stays away is met by the results themselves.
      renewLease(store, batch.id, new Date()).catch(() => undefined);
    }, LEASE_MS / 4);
    try {
      await this.#tellKnown();
      if (batch.work.length > 0 && !stop.signal.aborted) await this.#verifyRest(stop.signal);
      const counts = await countOutcomes(store, batch.id);
      if (counts.waiting === 0) {
        await this.#notify(notifier);
        await endBatch(store, batch.id, { counts: JSON.stringify(counts), now: new Date() });
      }
      if (counts.failed > 0) this.#codes.add(NO_VERDICT);
      if (counts.waiting > 0) this.#codes.add(UNVERIFIABLE);
      if (!this.#options.json) await printBatch(store, { id: batch.id, series: null }, 'text');
      const next = queued === null ? 'go on' : 'see how the workers go on with them';
      if (counts.waiting > 0)
        say(`${stop.why}: ${counts.waiting} are left. Run the same command again to ${next}.`);
      await notifier.finish();
      return stop.exitCode ?? this.#exitCode();
    } finally {
      clearInterval(lease);
      stop.end();
      await releaseBatch(store, batch.id);
    }
  }

  /**
   * Before this command ends the batch: one that is killed in between is taken up again, and tells the same. Workers end a batch
   * themselves, and tell nobody.
   */
  async #notify(notifier: Notifier): Promise<void> {
    const { store, batch, targets } = this.#context;
    if (targets.length === 0) return;
    const row = await findBatch(store, { id: batch.id, series: null });
    const notice = row === null ? null : batchNotice(await reportOfBatch(store, row), new Date());
    if (notice !== null) await store.transaction((db) => notifier.put(db, [notice]));
  }

  #greet(): void {
    const { id, isResumed, jobs, work } = this.#context.batch;
    const known = jobs.length - work.length;
    say(
      `${isResumed ? 'goes on with' : 'begins'} batch ${id}: ${jobs.length} package versions` +
        (known > 0 ? `, of which ${known} are known already` : ''),
    );
  }

  /** Results of this batch that were stored before, or of an earlier one that are fresh enough. */
  async #tellKnown(): Promise<void> {
    const { store, batch } = this.#context;
    const ids = batch.jobs.flatMap(({ result_id: id }) => (id === null ? [] : [id]));
    const { json, policy, failOn } = this.#options;
    if (json || policy !== undefined)
      for await (const document of documentsOf(store, ids)) this.#tell(this.#judge(document));
    else
      for await (const outcome of outcomesOf(store, ids))
        this.#codes.add(exitCodeOfResult({ ...outcome, policy: null }, { failOn }));
    await this.#writeStored(ids);
  }

  async #verifyRest(signal: AbortSignal): Promise<void> {
    const { store, batch, judging, queued } = this.#context;
    const known = batch.jobs.length - batch.work.length;
    const progress = batchProgress({ total: batch.jobs.length, done: known });
    const telling = {
      ...progress,
      onResult: (document: ResultDocument) => {
        progress.onResult(document);
        this.#tell(document);
      },
    };
    const onStored = (ids: readonly string[]) => this.#writeStored(ids);
    await progress.around(() =>
      queued === null
        ? verifyHere(this.#options, { store, batch, judging, progress: telling, signal })
        : verifyByWorkers(batch, { store, queued, progress: telling, onStored, signal }),
    );
  }

  /** Signed results as they are in the store. */
  async #writeStored(ids: readonly string[]): Promise<void> {
    const { out } = this.#options;
    if (out === undefined) return;
    for await (const { name, bundle } of attestationsOf(this.#context.store, ids))
      await writeBundles([{ name, text: bundle }], out);
  }

  #judge(document: ResultDocument): ResultDocument {
    return this.#context.judging.judge(document);
  }

  #tell(document: ResultDocument): void {
    this.#codes.add(exitCodeOfResult(document, this.#options));
    if (this.#options.json) process.stdout.write(jsonLine(document));
  }

  /** A divergence is what matters most; that something could not be looked at comes next. */
  #exitCode(): number {
    return [DIVERGED, NO_VERDICT, UNVERIFIABLE].find((code) => this.#codes.has(code)) ?? 0;
  }
}
