import type { ResultDocument } from '../report/document.ts';
import { type Job, settledJobs } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import { documentsOf } from '../store/results.ts';
import { type KnownWorker, knownWorkers } from '../store/workers.ts';
import type { OpenedBatch } from './begin.ts';
import { Bell } from './bell.ts';
import type { Failure } from './conclude.ts';
import { endWhenDone } from './end-batch.ts';

/** Who watches what workers make of a batch. */
export interface FollowTools {
  readonly store: Store;
  now(): Date;
  /** Of each result, once. */
  onResult(document: ResultDocument, resultId: string): Promise<void>;
  onFailure(job: Pick<Job, 'purl'>, failure: Failure): void;
  /** Every few seconds, who is there. */
  onWorkers(known: readonly KnownWorker[]): void;
}

const SHORTEST_PAUSE_MS = 500;
/** A look that waited for the database to come back took long, and says nothing about how long the next one takes. */
const LONGEST_PAUSE_MS = 30_000;
/** Looking takes the database this part of the time at most. */
const SHARE = 20;
const WORKERS_MS = 10_000;

/** Tells what workers make of a batch as it comes, until nothing is left to do or the signal is given. */
export async function followBatch(
  batch: Pick<OpenedBatch, 'id' | 'work'>,
  signal: AbortSignal,
  tools: FollowTools,
): Promise<void> {
  const { store, now, onWorkers } = tools;
  const left = new Set(batch.work.map(({ purl }) => purl));
  const bell = new Bell();
  let lookedAt = -Infinity;
  while (!signal.aborted) {
    const startedAt = performance.now();
    if (startedAt - lookedAt >= WORKERS_MS) {
      onWorkers(await knownWorkers(store));
      lookedAt = startedAt;
    }
    await tellSettled(batch.id, left, tools);
    if (left.size === 0) {
      await endWhenDone(store, batch.id, now());
      return;
    }
    await bell.wait(pauseAfter(performance.now() - startedAt), signal);
  }
}

/** How long to wait before the next look, after one that took so long; both in milliseconds. */
export function pauseAfter(tookMs: number): number {
  return Math.min(Math.max(SHORTEST_PAUSE_MS, tookMs * SHARE), LONGEST_PAUSE_MS);
}

/** Tells of those jobs that are settled now and were not yet told of. */
async function tellSettled(
  batchId: string,
  left: Set<string>,
  { store, onResult, onFailure }: FollowTools,
): Promise<void> {
  const settled = (await settledJobs(store, batchId)).filter(({ purl }) => left.has(purl));
  const ids = settled.flatMap(({ result_id: id }) => (id === null ? [] : [id]));
  let next = 0;
  for await (const document of documentsOf(store, ids)) {
    await onResult(document, ids[next] ?? '');
    next += 1;
  }
  for (const job of settled) {
    left.delete(job.purl);
    if (job.failure !== null) onFailure(job, JSON.parse(job.failure) as Failure);
  }
}
