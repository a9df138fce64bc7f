import { fromKysely, PgBoss } from 'pg-boss';
import { z } from 'zod';
import { asStoreFailure } from './failure.ts';
import type { Queries, Store } from './open.ts';

/** What a queue has of a job; the rest is in the store. */
const QueuedJob = z.strictObject({
  batchId: z.string(),
  purl: z.string(),
  /** What it may take, milliseconds. */
  limitMs: z.int(),
  /** Before the first other try, milliseconds. */
  firstWaitMs: z.int(),
  /** What it is expected to take, milliseconds: the least comes first. */
  costMs: z.int(),
  /** How often each trouble was met so far. */
  met: z.record(z.string(), z.int()),
  /** How many processes were killed with it, before it was put back the last time. */
  losses: z.int(),
  /** Where its source is, as far as a worker has seen; null when none has. */
  repository: z.string().nullable(),
});
export type QueuedJob = z.infer<typeof QueuedJob>;

/** One taking of one job: whoever takes it again, after it lapsed, has another. */
export const ClaimId = z.strictObject({ id: z.string(), retryCount: z.int() });
export type ClaimId = z.infer<typeof ClaimId>;

export interface Claim extends ClaimId {
  readonly job: QueuedJob;
  /** How many processes were killed with it so far. */
  readonly losses: number;
}

/**
 * The jobs of workers, in PostgreSQL. Everything that is given `db` happens in the caller's transaction: a job leaves the queue
 * with its result, or neither does.
 */
export interface WorkQueue {
  readonly name: string;
  add(db: Queries, jobs: readonly QueuedJob[]): Promise<void>;
  /** The next one that is ready, which is then this process's; null when there is none. */
  take(db: Queries): Promise<Claim | null>;
  /** Says that some are still worked on, and gives those that are not this process's any more. */
  keep(db: Queries, claims: readonly ClaimId[]): Promise<readonly ClaimId[]>;
  /** Takes a job off the queue, whoever has it. */
  finish(db: Queries, claim: ClaimId): Promise<void>;
  /** Gives one back, for later; false when it is not this process's any more. */
  putBack(db: Queries, claim: ClaimId, job: QueuedJob, afterMs: number): Promise<boolean>;
  /** Gives one back that a killed process had, as it would be when its lease is over. */
  release(db: Queries, claim: ClaimId): Promise<void>;
  close(): Promise<void>;
}

export interface QueueOptions {
  /** The store's location, a `postgres:` URL. */
  readonly location: string;
  /** Of the terms, hex. */
  readonly terms: string;
  /** True looks after leases that are over, and after what is done and old. */
  readonly supervises: boolean;
  /** Told what went wrong in that. */
  readonly onError: (error: Error) => void;
}

/** A job of a process that did not say for so long that it works on it goes to another. */
export const CLAIM_MS = 120_000;
const SUPERVISE_S = 15;
/** The longest that pg-boss knows. Each process keeps its time itself, and a lost one is known by its silence. */
const LONGEST_S = 24 * 60 * 60;
const YEAR_S = 365 * LONGEST_S;
const HOUR_S = 60 * 60;
/** Workers give up earlier, and say why. */
const RETRIES = 100_000;
const MOST_CONNECTIONS = 2;

/**
 * Opens the queue of what is to be done on some terms, and makes it when it is not there: workers of other terms, or of another
 * version, have another one and never see its jobs.
 *
 * @throws ReproveError `store-failed`
 */
export async function openQueue(store: Store, options: QueueOptions): Promise<WorkQueue> {
  const { location, terms, supervises, onError } = options;
  const boss = new PgBoss({
    connectionString: location,
    application_name: 'reprove-queue',
    max: MOST_CONNECTIONS,
    supervise: supervises,
    superviseIntervalSeconds: SUPERVISE_S,
    monitorIntervalSeconds: SUPERVISE_S,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', onError);
  const name = queueName(terms);
  try {
    await boss.start();
    await boss.createQueue(name, {
      heartbeatSeconds: CLAIM_MS / 1000,
      expireInSeconds: LONGEST_S,
      retentionSeconds: YEAR_S,
      deleteAfterSeconds: HOUR_S,
      retryLimit: RETRIES,
      retryDelay: 0,
    });
    return new BossQueue(boss, name);
  } catch (error) {
    await boss.stop({ graceful: false }).catch(onError);
    throw asStoreFailure(error, store.name);
  }
}

/** The name of the queue of some terms. Pure. */
export function queueName(terms: string): string {
  return `reprove-${terms.slice(0, 32)}`;
}

class BossQueue implements WorkQueue {
  readonly name: string;
  readonly #boss: PgBoss;

  constructor(boss: PgBoss, name: string) {
    this.#boss = boss;
    this.name = name;
  }

  async add(db: Queries, jobs: readonly QueuedJob[]): Promise<void> {
    const rows = jobs.map((job) => ({ data: job, priority: priorityOf(job) }));
    if (rows.length > 0) await this.#boss.insert(this.name, rows, { db: fromKysely(db) });
  }

  async take(db: Queries): Promise<Claim | null> {
    const [taken] = await this.#boss.fetch<unknown>(this.name, { db: fromKysely(db) });
    if (taken === undefined) return null;
    const { id, retryCount, data } = taken;
    const job = QueuedJob.parse(data);
    return { id, retryCount, job, losses: job.losses + retryCount };
  }

  async keep(db: Queries, claims: readonly ClaimId[]): Promise<readonly ClaimId[]> {
    const lapsed: ClaimId[] = [];
    for (const claim of claims) {
      const touched = await this.#boss.touch(this.name, idOf(claim), { db: fromKysely(db) });
      if (!isMet(touched)) lapsed.push(claim);
    }
    return lapsed;
  }

  async finish(db: Queries, { id }: ClaimId): Promise<void> {
    await this.#boss.complete(this.name, id, null, { includeQueued: true, db: fromKysely(db) });
  }

  async putBack(db: Queries, claim: ClaimId, job: QueuedJob, afterMs: number): Promise<boolean> {
    const completed = await this.#boss.complete(this.name, idOf(claim), null, { db: fromKysely(db) });
    if (!isMet(completed)) return false;
    await this.#boss.send(this.name, job, {
      priority: priorityOf(job),
      startAfter: Math.ceil(afterMs / 1000),
      db: fromKysely(db),
    });
    return true;
  }

  async release(db: Queries, claim: ClaimId): Promise<void> {
    await this.#boss.fail(this.name, idOf(claim), null, { db: fromKysely(db) });
  }

  close(): Promise<void> {
    return this.#boss.stop({ graceful: false });
  }
}

/** How many jobs a command met: its type does not say it, its documentation does. */
const Response = z.object({ affected: z.int() });

function isMet(response: unknown): boolean {
  return Response.parse(response).affected > 0;
}

function idOf({ id, retryCount }: ClaimId): ClaimId {
  return { id, retryCount };
}

/** pg-boss hands out the highest first. */
function priorityOf({ costMs }: QueuedJob): number {
  return -Math.min(Math.ceil(costMs / 100), 2 ** 30);
}
