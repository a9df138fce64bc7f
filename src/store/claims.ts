import { chunksOf } from './chunks.ts';
import { type AttemptEnd, attemptEnd, type AttemptId, insertAttempt } from './jobs.ts';
import type { Queries, Store } from './open.ts';
import { type Claim, ClaimId, type QueuedJob, type WorkQueue } from './queue.ts';
import type { AttemptRow, JobRow } from './schema.ts';

/** A job that a worker has taken and not yet settled. */
export interface TakenJob {
  readonly claim: Claim;
  readonly attempt: AttemptId;
  readonly job: Pick<JobRow, 'purl' | 'name' | 'version' | 'expected'>;
}

/**
 * Takes the next job that is ready, and writes down that this process works on it. What another process had begun of it is lost.
 *
 * @returns null when none is ready
 */
export function takeJob(
  store: Store,
  queue: WorkQueue,
  by: { readonly owner: string; readonly now: Date },
): Promise<TakenJob | null> {
  return store.transaction(async (db) => {
    const claim = await queue.take(db);
    if (claim === null) return null;
    const { batchId, purl } = claim.job;
    const job = await db
      .selectFrom('jobs')
      .select(['purl', 'name', 'version', 'expected'])
      .where('batch_id', '=', batchId)
      .where('purl', '=', purl)
      .executeTakeFirstOrThrow();
    const open = await db
      .selectFrom('attempts')
      .select('number')
      .where('batch_id', '=', batchId)
      .where('purl', '=', purl)
      .where('ended_at', 'is', null)
      .execute();
    for (const { number } of open) await loseAttempt(db, { batchId, purl, number }, by.now);
    const { id, retryCount } = claim;
    const attempt = await insertAttempt(
      db,
      { batchId, purl },
      { ...by, claim: JSON.stringify({ id, retryCount }) },
    );
    return { claim, attempt, job };
  });
}

/** The process that ran it was killed, or said nothing for so long that it counts as that. */
async function loseAttempt(db: Queries, { batchId, purl, number }: AttemptId, now: Date): Promise<void> {
  await db
    .updateTable('attempts')
    .set({ ended_at: now.toISOString(), outcome: 'lost' })
    .where('batch_id', '=', batchId)
    .where('purl', '=', purl)
    .where('number', '=', number)
    .where('ended_at', 'is', null)
    .execute();
}

/** Ends an attempt that gave no result, and gives its job back to the queue for later. */
export function putBackJob(
  store: Store,
  queue: WorkQueue,
  { claim, attempt }: TakenJob,
  end: AttemptEnd & { readonly job: QueuedJob; readonly afterMs: number },
): Promise<void> {
  return store.transaction(async (db) => {
    // When it is another's by now, that one goes on with it.
    if (await queue.putBack(db, claim, end.job, end.afterMs)) await attemptEnd(db, attempt, end);
  });
}

/** What some worker has in flight. */
export type OpenAttempt = Pick<AttemptRow, 'batch_id' | 'purl' | 'number' | 'owner' | 'claim'>;

/**
 * Gives jobs that nobody works on any more back to the queue, at once.
 *
 * @returns how many
 */
export async function releaseJobsOf(
  store: Store,
  queue: WorkQueue,
  by: { readonly isLost: (attempt: OpenAttempt) => boolean; readonly now: Date },
): Promise<number> {
  const open = await store.query((db) => openAttempts(db, queue.name));
  const lost = open.filter(by.isLost);
  for (const chunk of chunksOf(lost))
    await store.transaction(async (db) => {
      for (const { batch_id: batchId, purl, number, claim } of chunk) {
        await queue.release(db, ClaimId.parse(JSON.parse(claim ?? '')));
        await loseAttempt(db, { batchId, purl, number }, by.now);
      }
    });
  return lost.length;
}

function openAttempts(db: Queries, queue: string): Promise<readonly OpenAttempt[]> {
  return db
    .selectFrom('attempts')
    .innerJoin('batches', 'batches.id', 'attempts.batch_id')
    .select(['attempts.batch_id', 'attempts.purl', 'attempts.number', 'attempts.owner', 'attempts.claim'])
    .where('attempts.owner', 'is not', null)
    .where('attempts.ended_at', 'is', null)
    .where('batches.queue', '=', queue)
    .execute();
}

/** The terms, as JSON, of batches whose jobs wait in some queue, each with how many batches have them. */
export function waitingTerms(
  store: Store,
): Promise<readonly { readonly queue: string; readonly terms: string; readonly batches: number }[]> {
  return store.query(async (db) => {
    const rows = await db
      .selectFrom('batches')
      .select(({ fn }) => ['queue', fn.max('terms').as('terms'), fn.countAll().as('batches')])
      .where('ended_at', 'is', null)
      .where('queue', 'is not', null)
      .groupBy('queue')
      .execute();
    return rows.map(({ queue, terms, batches }) => ({
      queue: queue ?? '',
      terms: terms ?? 'null',
      batches: Number(batches),
    }));
  });
}

/** Whether something is left to do in a queue's batches, by whomever. */
export function hasWaiting(store: Store, queue: string): Promise<boolean> {
  return store.query(async (db) => {
    const one = await db
      .selectFrom('jobs')
      .innerJoin('batches', 'batches.id', 'jobs.batch_id')
      .select('jobs.purl')
      .where('batches.queue', '=', queue)
      .where('batches.ended_at', 'is', null)
      .where('jobs.state', '=', 'waiting')
      .limit(1)
      .executeTakeFirst();
    return one !== undefined;
  });
}

/** Whether every job of a batch is done or failed. */
export function isBatchDone(store: Store, batchId: string): Promise<boolean> {
  return store.query(async (db) => {
    const one = await db
      .selectFrom('jobs')
      .select('purl')
      .where('batch_id', '=', batchId)
      .where('state', '=', 'waiting')
      .limit(1)
      .executeTakeFirst();
    return one === undefined;
  });
}
