import type { ReasonCode } from '../model/verdict.ts';
import type { ResultDocument } from '../report/document.ts';
import { isVersionCommit } from '../source/candidates.ts';
import type { Sighting } from '../store/sightings.ts';

/**
 * Reasons that the minutes after a release explain: the tag and the commit are pushed after publishing, the archive and
 * packages that were published together come to every server of the registry a little later.
 */
const SETTLING = new Set<ReasonCode>([
  'source-not-found',
  'source-mismatch',
  'repository-unreachable',
  'artifact-missing',
  'fetch-failed',
]);

/** Clocks of machines differ by so much, milliseconds. */
const SKEW_MS = 5 * 60_000;

/**
 * Why a result says too little yet, a version being so new; null when it counts. Pure.
 *
 * @param settleMs how long after it was seen a version is so new
 */
export function tooEarly(
  { kind, seen_at: seenAt }: Sighting,
  document: ResultDocument,
  { settleMs, now }: { readonly settleMs: number; readonly now: Date },
): string | null {
  const age = now.getTime() - Date.parse(seenAt);
  // A version that was seen in the future was seen by a clock that was wrong: nothing is put off by that.
  if (kind !== 'new' || age >= settleMs || age < -SKEW_MS) return null;
  const { verdict, reason, source } = document;
  if (reason !== null && SETTLING.has(reason.code)) return reason.message;
  if (verdict !== 'diverged' || source === null || !isVersionCommit(source.evidence)) return null;
  return 'It diverges from the commit that sets its version, and no tag names another one yet.';
}
