import { chunksOf } from './chunks.ts';
import type { Queries, Store } from './open.ts';
import { storable } from './text.ts';
import type { AttemptOutcome, AttemptRow, AttestationRow, JobRow, ResultRow } from './schema.ts';

export type Job = Pick<JobRow, 'purl' | 'name' | 'version' | 'expected' | 'state' | 'result_id' | 'failure'>;

/** The jobs of a batch, by purl. */
export function jobsOf(store: Store, batchId: string): Promise<readonly Job[]> {
  return store.query((db) =>
    db
      .selectFrom('jobs')
      .select(['purl', 'name', 'version', 'expected', 'state', 'result_id', 'failure'])
      .where('batch_id', '=', batchId)
      .orderBy('purl')
      .execute(),
  );
}

/** The jobs of a batch that are done or failed. */
export function settledJobs(store: Store, batchId: string): Promise<readonly Job[]> {
  return store.query((db) =>
    db
      .selectFrom('jobs')
      .select(['purl', 'name', 'version', 'expected', 'state', 'result_id', 'failure'])
      .where('batch_id', '=', batchId)
      .where('state', '!=', 'waiting')
      .execute(),
  );
}

/** The longest time, in milliseconds, that any version of each package took before; packages of which none is known are left out. */
export async function durationsOf(
  store: Store,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const chunk of chunksOf([...new Set(names)])) {
    const rows = await store.query((db) =>
      db
        .selectFrom('results')
        .select(({ fn }) => ['name', fn.max('duration_ms').as('longest')])
        .where('name', 'in', chunk)
        .groupBy('name')
        .execute(),
    );
    for (const { name, longest } of rows) found.set(name, longest);
  }
  return found;
}

/** One attempt at one job. */
export interface AttemptId {
  readonly batchId: string;
  readonly purl: string;
  readonly number: number;
}

/** Writes down that an attempt of this process begins, and numbers it. */
export function beginAttempt(
  store: Store,
  job: Pick<AttemptId, 'batchId' | 'purl'>,
  now: Date,
): Promise<AttemptId> {
  return store.transaction((db) => insertAttempt(db, job, { now, owner: null, claim: null }));
}

/** The same in the caller's transaction, and for a worker. */
export async function insertAttempt(
  db: Queries,
  { batchId, purl }: Pick<AttemptId, 'batchId' | 'purl'>,
  by: { readonly now: Date } & Pick<AttemptRow, 'owner' | 'claim'>,
): Promise<AttemptId> {
  const { last } = await db
    .selectFrom('attempts')
    .select(({ fn }) => fn.max('number').as('last'))
    .where('batch_id', '=', batchId)
    .where('purl', '=', purl)
    .$castTo<{ readonly last: number | null }>()
    .executeTakeFirstOrThrow();
  const number = (last ?? 0) + 1;
  const { now, owner, claim } = by;
  const row = { batch_id: batchId, purl, number, started_at: now.toISOString(), owner, claim };
  await db
    .insertInto('attempts')
    .values({ ...row, ended_at: null, outcome: null, detail: null })
    .execute();
  return { batchId, purl, number };
}

export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly detail: string | null;
  readonly now: Date;
}

/** Writes down how an attempt ended that gave no result. */
export async function endAttempt(store: Store, attempt: AttemptId, end: AttemptEnd): Promise<void> {
  await store.query((db) => attemptEnd(db, attempt, end));
}

/** The same in the caller's transaction. */
export async function attemptEnd(
  db: Queries,
  { batchId, purl, number }: AttemptId,
  end: AttemptEnd,
): Promise<void> {
  const { outcome, detail, now } = end;
  await db
    .updateTable('attempts')
    .set({ outcome, detail: detail === null ? null : storable(detail), ended_at: now.toISOString() })
    .where('batch_id', '=', batchId)
    .where('purl', '=', purl)
    .where('number', '=', number)
    .execute();
}

/** What else happens to a job in the transaction that settles it. */
export type AlsoThen = (db: Queries) => Promise<void>;
const NOTHING_ELSE: AlsoThen = () => Promise.resolve();

/** Gives a job up: nothing could be found out. */
export function failJob(
  store: Store,
  attempt: AttemptId,
  end: Omit<AttemptEnd, 'outcome'> & { readonly failure: string },
  also: AlsoThen = NOTHING_ELSE,
): Promise<void> {
  return store.transaction(async (db) => {
    await also(db);
    await attemptEnd(db, attempt, { ...end, outcome: 'failed' });
    await db
      .updateTable('jobs')
      .set({ state: 'failed', failure: end.failure })
      .where('batch_id', '=', attempt.batchId)
      .where('purl', '=', attempt.purl)
      .where('state', '=', 'waiting')
      .execute();
  });
}

/** A result with all that belongs to it. */
export interface FinishedResult {
  readonly row: ResultRow;
  readonly document: string;
  readonly attestations: readonly Omit<AttestationRow, 'result_id'>[];
}

/**
 * Gives a job its one result. All of it is stored at once; when the job has another result already, nothing is.
 *
 * @returns whether this is the job's result now
 */
export async function finishJob(
  store: Store,
  attempt: AttemptId,
  result: FinishedResult,
  end: { readonly now: Date; readonly also?: AlsoThen },
): Promise<boolean> {
  const { now, also = NOTHING_ELSE } = end;
  try {
    await store.transaction(async (db) => {
      await storeResult(db, attempt, result, now);
      await also(db);
    });
    return true;
  } catch (error) {
    if (error instanceof HasResult) return error.id === result.row.id;
    throw error;
  }
}

/** Undoes what was written of a second result. */
class HasResult extends Error {
  readonly id: string | null;

  constructor(id: string | null) {
    super('The job has a result.');
    this.id = id;
  }
}

async function storeResult(
  db: Queries,
  attempt: AttemptId,
  { row, document, attestations }: FinishedResult,
  now: Date,
): Promise<void> {
  const before = await resultOf(db, attempt);
  // Also when the server went away after it had stored this very result.
  if (before !== null) throw new HasResult(before);
  await db.insertInto('results').values(row).execute();
  await db.insertInto('documents').values({ result_id: row.id, document }).execute();
  const bundles = attestations.map((one) => ({ ...one, result_id: row.id }));
  if (bundles.length > 0) await db.insertInto('attestations').values(bundles).execute();
  await attemptEnd(db, attempt, { outcome: 'judged', detail: null, now });
  const { numUpdatedRows } = await db
    .updateTable('jobs')
    .set({ state: 'done', result_id: row.id, failure: null })
    .where('batch_id', '=', attempt.batchId)
    .where('purl', '=', attempt.purl)
    .where('result_id', 'is', null)
    .executeTakeFirstOrThrow();
  // Two transactions can both have found none; the later one waits here, and then finds it.
  if (numUpdatedRows !== 1n) throw new HasResult(await resultOf(db, attempt));
}

async function resultOf(db: Queries, { batchId, purl }: AttemptId): Promise<string | null> {
  const job = await db
    .selectFrom('jobs')
    .select('result_id')
    .where('batch_id', '=', batchId)
    .where('purl', '=', purl)
    .executeTakeFirst();
  return job?.result_id ?? null;
}
