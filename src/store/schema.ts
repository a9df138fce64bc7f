import type { ResultDocument } from '../report/document.ts';
import type { NoticeRow } from './notice-tables.ts';
import type { SightingRow, WatchedRow, WatchRow } from './watch-tables.ts';

/**
 * What a store holds. The same in SQLite and PostgreSQL: text and 32-bit numbers only; instants are ISO 8601 in UTC, which sort
 * as text; lists and documents are JSON text.
 */
export interface Tables {
  readonly batches: BatchRow;
  readonly jobs: JobRow;
  readonly attempts: AttemptRow;
  readonly results: ResultRow;
  readonly documents: DocumentRow;
  readonly attestations: AttestationRow;
  readonly workers: WorkerRow;
  readonly turns: TurnRow;
  readonly notices: NoticeRow;
  readonly watches: WatchRow;
  readonly watched: WatchedRow;
  readonly sightings: SightingRow;
}

/** One run over what some files list. */
export interface BatchRow {
  readonly id: string;
  /** Batches of the same series are compared with each other. */
  readonly series: string;
  /** sha256 of what is to be verified and how: a batch that did not end is taken up again by the next of the same key. */
  readonly key: string;
  readonly started_at: string;
  /** Null while there is something left to do. */
  readonly ended_at: string | null;
  /** The process that works on it (see owner.ts); null when none does. */
  readonly owner: string | null;
  /** Until when the owner is believed, unless it is known to be gone. */
  readonly lease_until: string | null;
  /** `BatchCounts` as JSON; null until it ended. */
  readonly counts: string | null;
  /** The queue that has its jobs, for workers on whatever machine; null when the owner does them itself. */
  readonly queue: string | null;
  /** Everything but the package that a result depends on, as JSON; null in a batch of an older version. */
  readonly terms: string | null;
}

/** One package version of a batch. */
export interface JobRow {
  readonly batch_id: string;
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  /** `readonly string[][]` as JSON: of each file that has some, the digests that the artifact must have. */
  readonly expected: string;
  /** `Place[]` as JSON. */
  readonly places: string;
  /** `failed`: nothing could be found out, and that is no verdict. */
  readonly state: 'waiting' | 'done' | 'failed';
  /** The one result of a job that is done, of this batch or of an earlier one that was fresh enough. */
  readonly result_id: string | null;
  /** Why it failed: `code` and `text` of an error as JSON. */
  readonly failure: string | null;
}

/** One process that was to verify one package version. */
export interface AttemptRow {
  readonly batch_id: string;
  readonly purl: string;
  /** From 1. */
  readonly number: number;
  readonly started_at: string;
  /** Null while it runs, or when whoever ran it was killed. */
  readonly ended_at: string | null;
  readonly outcome: AttemptOutcome | null;
  /** In words, what went wrong; null when nothing did. */
  readonly detail: string | null;
  /** The worker's process (see owner.ts); null when it was the batch's own. */
  readonly owner: string | null;
  /** By what the queue knows it (`ClaimId` as JSON); null when it came from no queue. */
  readonly claim: string | null;
}

/**
 * `judged`: it gave the result. `retried`: it met something that passes. `failed`: it met something that does not.
 * `stopped`: the batch or the worker was ended by its user. `lost`: the process that ran it was killed. `deferred`: its host or
 * repository was asked often enough just then.
 */
export type AttemptOutcome = 'judged' | 'retried' | 'failed' | 'stopped' | 'lost' | 'deferred';

/** What one verification gave, as far as it is asked for; the rest is in its document. */
export interface ResultRow {
  readonly id: string;
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  /** sha256 of everything but the package that the result depends on: tool, policy, registry, signer. */
  readonly terms: string;
  /** As of the job. */
  readonly expected: string;
  readonly verdict: ResultDocument['verdict'];
  readonly level: ResultDocument['level'];
  readonly severity: ResultDocument['severity'];
  readonly reason: string | null;
  /** The verdict in one sentence. */
  readonly summary: string;
  /** Of the published artifact, hex; null when there is none. */
  readonly sha512: string | null;
  readonly repository: string | null;
  readonly commit_id: string | null;
  readonly ref: string | null;
  /** 1 when it may stand for another batch as well; 0 when another try may give something else. */
  readonly is_settled: number;
  readonly finished_at: string;
  /** Milliseconds. */
  readonly duration_ms: number;
  /** The time that it was given, milliseconds. */
  readonly limit_ms: number;
}

/** The result document; apart from its row, which lists are made of. */
export interface DocumentRow {
  readonly result_id: string;
  readonly document: string;
}

/** A signed statement about a result. */
export interface AttestationRow {
  readonly result_id: string;
  /** The name of its file. */
  readonly name: string;
  readonly predicate_type: string;
  readonly sha256: string;
  /** The Sigstore bundle, exactly as its file. */
  readonly bundle: string;
}

/** A process that takes jobs from a queue. All its instants are of the server's clock. */
export interface WorkerRow {
  readonly id: string;
  /** See owner.ts. */
  readonly owner: string;
  /** The name of its machine, for people. */
  readonly host: string;
  /** The queue that it takes jobs from. */
  readonly queue: string;
  /** As of a batch. */
  readonly terms: string;
  /** How many package versions it verifies at a time. */
  readonly slots: number;
  readonly started_at: string;
  readonly seen_at: string;
  /** Null until it ended as it should. */
  readonly ended_at: string | null;
}

/** When a host or a repository may be asked next, by all workers together. */
export interface TurnRow {
  readonly key: string;
  /** Of the server's clock. */
  readonly next_at: string;
}
