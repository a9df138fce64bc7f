import { randomUUID } from 'node:crypto';
import { ReproveError } from '../errors.ts';
import { ownerIsGone } from '../owner.ts';
import { chunksOf } from './chunks.ts';
import type { Queries, Store } from './open.ts';
import type { BatchRow, JobRow, ResultRow } from './schema.ts';

/** A package version to verify in a batch. */
export type NewJob = Pick<JobRow, 'purl' | 'name' | 'version' | 'expected' | 'places'>;

export interface NewBatch {
  readonly series: string;
  readonly key: string;
  readonly jobs: readonly NewJob[];
  /** Who works on it. */
  readonly owner: string;
  readonly now: Date;
  /** Which earlier results will do. */
  readonly fresh: Fresh;
  /** What a result depends on, as JSON. */
  readonly terms: string;
  /** Whoever takes what is left to do; null when the owner does it itself. */
  readonly queue: BatchQueue | null;
}

export interface BatchQueue {
  readonly name: string;
  /** Adds jobs of the batch, in the transaction in which they come to be waiting. */
  readonly add: (
    db: Queries,
    batchId: string,
    jobs: readonly Pick<JobRow, 'purl' | 'name'>[],
  ) => Promise<void>;
}

/** What an earlier result must be to stand for a new one. */
export interface Fresh {
  readonly terms: string;
  /** Finished at or after this. */
  readonly notBefore: Date;
  /** The same for results that another try may change; never before `notBefore`. */
  readonly unsettledNotBefore: Date;
  /** A result that ran out of time counts only when it had at least as many milliseconds. */
  readonly limitMs: number;
}

export interface BegunBatch {
  readonly id: string;
  readonly isResumed: boolean;
}

/** For this long an owner is believed to be at work without saying so again. */
export const LEASE_MS = 120_000;
/** Clocks of machines differ by so much. */
const SKEW_MS = 5 * 60_000;

/**
 * Takes up the batch of the same key that did not end, or begins a new one, in which earlier results that are fresh enough stand
 * already.
 *
 * @throws ReproveError `usage` when another process is at work on that batch
 */
export function beginBatch(store: Store, batch: NewBatch): Promise<BegunBatch> {
  return store.transaction(async (db) => {
    const lease = { owner: batch.owner, lease_until: leaseFrom(batch.now) };
    const open = await openBatch(db, batch.key);
    if (open === undefined) return { id: await insertBatch(db, batch, lease), isResumed: false };
    if (isHeld(open, batch)) throw heldByAnother(store, open);
    await db.updateTable('batches').set(lease).where('id', '=', open.id).execute();
    await (batch.queue === null ? takeUp(db, open.id, batch.now) : queueFailed(db, open.id, batch.queue));
    return { id: open.id, isResumed: true };
  });
}

function openBatch(db: Queries, key: string): Promise<BatchRow | undefined> {
  return db
    .selectFrom('batches')
    .selectAll()
    .where('key', '=', key)
    .where('ended_at', 'is', null)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function isHeld({ owner, lease_until: until }: BatchRow, { owner: own, now }: NewBatch): boolean {
  if (owner === null || owner === own || ownerIsGone(owner)) return false;
  return until !== null && until > now.toISOString();
}

function heldByAnother(store: Store, { id, lease_until: until }: BatchRow): ReproveError {
  return new ReproveError('usage', {
    what: 'This very batch is being run by another process.',
    why: `In the store ${store.name} it is ${id}; its process is at work, at least until ${until ?? 'it ends'}.`,
    next: 'Wait for it. If it was killed on another machine, its batch can be taken up after that.',
  });
}

/** What was in flight when the batch's process was killed is lost; what failed is tried again. */
async function takeUp(db: Queries, batchId: string, now: Date): Promise<void> {
  await db
    .updateTable('attempts')
    .set({ ended_at: now.toISOString(), outcome: 'lost' })
    .where('batch_id', '=', batchId)
    .where('ended_at', 'is', null)
    .execute();
  await db
    .updateTable('jobs')
    .set({ state: 'waiting', failure: null })
    .where('batch_id', '=', batchId)
    .where('state', '=', 'failed')
    .execute();
}

/** What workers have in flight goes on; what failed is tried again. */
async function queueFailed(db: Queries, batchId: string, queue: BatchQueue): Promise<void> {
  const failed = await db
    .updateTable('jobs')
    .set({ state: 'waiting', failure: null })
    .where('batch_id', '=', batchId)
    .where('state', '=', 'failed')
    .returning(['purl', 'name'])
    .execute();
  for (const chunk of chunksOf(failed)) await queue.add(db, batchId, chunk);
}

async function insertBatch(
  db: Queries,
  batch: NewBatch,
  lease: Pick<BatchRow, 'owner' | 'lease_until'>,
): Promise<string> {
  const { series, key, jobs, now, fresh, terms, queue } = batch;
  const id = randomUUID();
  const started_at = now.toISOString();
  const row = { id, series, key, started_at, ended_at: null, counts: null, terms, ...lease };
  await db
    .insertInto('batches')
    .values({ ...row, queue: queue?.name ?? null })
    .execute();
  for (const chunk of chunksOf(jobs)) {
    const results = await freshResults(db, chunk, fresh, now);
    const rows = chunk.map((job): JobRow => {
      const result_id = results.get(`${job.purl} ${job.expected}`) ?? null;
      const state = result_id === null ? 'waiting' : 'done';
      return { ...job, batch_id: id, state, result_id, failure: null };
    });
    await db.insertInto('jobs').values(rows).execute();
    if (queue !== null)
      await queue.add(
        db,
        id,
        rows.filter(({ state }) => state === 'waiting'),
      );
  }
  return id;
}

const CANDIDATE = ['id', 'purl', 'expected', 'reason', 'limit_ms', 'is_settled', 'finished_at'] as const;
type Candidate = Pick<ResultRow, (typeof CANDIDATE)[number]>;

/** Of each purl and what was expected of it, the id of the latest result that will do. */
async function freshResults(
  db: Queries,
  jobs: readonly NewJob[],
  fresh: Fresh,
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const rows: readonly Candidate[] = await db
    .selectFrom('results')
    .select(CANDIDATE)
    .where(
      'purl',
      'in',
      jobs.map(({ purl }) => purl),
    )
    .where('terms', '=', fresh.terms)
    .where('finished_at', '>=', fresh.notBefore.toISOString())
    // A clock that was wrong must not make a result fresh for years.
    .where('finished_at', '<=', new Date(now.getTime() + SKEW_MS).toISOString())
    .orderBy('finished_at')
    .execute();
  const unsettled = fresh.unsettledNotBefore.toISOString();
  const usable = rows.filter(
    (row) =>
      (row.is_settled === 1 || row.finished_at >= unsettled) &&
      (row.reason !== 'timed-out' || row.limit_ms >= fresh.limitMs),
  );
  return new Map(usable.map(({ id, purl, expected }) => [`${purl} ${expected}`, id]));
}

/** Says that the owner is still at work. */
export async function renewLease(store: Store, batchId: string, now: Date): Promise<void> {
  await store.query((db) =>
    db
      .updateTable('batches')
      .set({ lease_until: leaseFrom(now) })
      .where('id', '=', batchId)
      .execute(),
  );
}

/** Lets a batch go that has something left to do. */
export async function releaseBatch(store: Store, batchId: string): Promise<void> {
  await store.query((db) =>
    db.updateTable('batches').set({ owner: null, lease_until: null }).where('id', '=', batchId).execute(),
  );
}

/** Ends a batch of which every job is done or failed. */
export async function endBatch(
  store: Store,
  batchId: string,
  ending: { readonly counts: string; readonly now: Date },
): Promise<void> {
  const row = { owner: null, lease_until: null, counts: ending.counts, ended_at: ending.now.toISOString() };
  await store.query((db) =>
    db.updateTable('batches').set(row).where('id', '=', batchId).where('ended_at', 'is', null).execute(),
  );
}

function leaseFrom(now: Date): string {
  return new Date(now.getTime() + LEASE_MS).toISOString();
}
