import type { Place } from '../model/inputs.ts';
import type { Severity, Verdict } from '../model/verdict.ts';
import type { ChangeKind } from './changes.ts';
import type { ResultDocument } from './document.ts';

/** How the package versions of a batch came out. */
export interface BatchCounts {
  readonly total: number;
  readonly reproduced: number;
  readonly diverged: number;
  readonly unverifiable: number;
  /** No verdict: the tool or its environment failed. */
  readonly failed: number;
  /** Not done yet. */
  readonly waiting: number;
}

/** One package version that a person should look at. */
export interface BatchLine {
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  readonly verdict: Verdict | 'failed';
  readonly severity: Severity;
  /** Code of the reason, or of the error; null for `diverged`. */
  readonly reason: string | null;
  /** What was found, in one sentence. */
  readonly message: string;
  readonly places: readonly Place[];
}

/** What is otherwise than in the batch before. */
export interface Change {
  readonly kind: ChangeKind;
  readonly severity: Severity;
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  /** One sentence. */
  readonly message: string;
  readonly places: readonly Place[];
}

/** Results that say the same without being worth a line each. */
export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** One batch of the series. */
export interface HistoryPoint {
  readonly startedAt: string;
  readonly counts: BatchCounts;
}

/** A batch for a person: what is to be seen, what changed since the batch before it, and how the series goes. */
export interface BatchReport {
  readonly tool: ResultDocument['tool'];
  readonly series: string;
  readonly batch: { readonly id: string; readonly startedAt: string; readonly endedAt: string | null };
  /** The last batch of the series that ended before; null for the first. */
  readonly previous: { readonly id: string; readonly startedAt: string } | null;
  readonly counts: BatchCounts;
  /** The worst first. */
  readonly changes: readonly Change[];
  /** Diverged and failed ones, the worst first. */
  readonly lines: readonly BatchLine[];
  /** Of what is unverifiable, the most frequent first. */
  readonly reasons: readonly ReasonCount[];
  /** The oldest first; this batch is the last. */
  readonly history: readonly HistoryPoint[];
  /** How many more there are that are not listed. */
  readonly leftOut: { readonly changes: number; readonly lines: number };
}

/** How much of a batch is reproduced, from 0 to 1. */
export function coverageOf({ total, reproduced }: BatchCounts): number {
  return total === 0 ? 0 : reproduced / total;
}
