import type { OpenedBatch } from '../batch/begin.ts';
import { followBatch } from '../batch/follow.ts';
import { whyNot } from '../batch/match-workers.ts';
import type { Store } from '../store/open.ts';
import type { KnownWorker } from '../store/workers.ts';
import type { BatchProgress } from './batch-progress.ts';
import type { BatchQueued } from './batch-queue.ts';
import { say } from './say.ts';

interface ByWorkers {
  readonly store: Store;
  readonly queued: BatchQueued;
  readonly progress: Pick<BatchProgress, 'onResult' | 'onFailure'>;
  /** Told of results that are in the store. */
  readonly onStored: (ids: readonly string[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Tells what workers make of a batch, until they are done or the signal is given. */
export async function verifyByWorkers(batch: OpenedBatch, by: ByWorkers): Promise<void> {
  const { store, queued, progress, onStored, signal } = by;
  const works = new Map(batch.work.map((work) => [work.purl, work]));
  const attendance = new Attendance(queued);
  await followBatch(batch, signal, {
    store,
    now: () => new Date(),
    onResult: async (document, id) => {
      progress.onResult(document);
      await onStored([id]);
    },
    onFailure: ({ purl }, failure) => {
      const work = works.get(purl);
      if (work !== undefined) progress.onFailure(work, failure);
    },
    onWorkers: (known) => attendance.tell(known),
  });
}

/** Says who takes the jobs, or that nobody does and why, whenever that changes. */
class Attendance {
  readonly #queued: BatchQueued;
  #said = '';

  constructor(queued: BatchQueued) {
    this.#queued = queued;
  }

  tell(known: readonly KnownWorker[]): void {
    const text = this.#textOf(known.filter((worker) => worker.isThere));
    if (text !== this.#said) say(text);
    this.#said = text;
  }

  #textOf(there: readonly KnownWorker[]): string {
    const { queue, wanted } = this.#queued;
    const taking = there.filter((worker) => worker.queue === queue.name);
    if (taking.length > 0) {
      const slots = taking.reduce((sum, worker) => sum + worker.slots, 0);
      return `${taking.length === 1 ? '1 worker takes' : `${taking.length} workers take`} it, ${slots} at a time`;
    }
    const others = whyNot(there, wanted);
    const why = others.length === 0 ? '' : ` (those that are there are others: ${others.join(', ')})`;
    return `no worker is there that takes it; it waits for one${why}`;
  }
}
