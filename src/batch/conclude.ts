import type { SignedResult } from '../attest-result.ts';
import { type ErrorText, ReproveError } from '../errors.ts';
import type { ResultDocument } from '../report/document.ts';
import { withExpected } from './expected.ts';
import { type Trouble, troubleOf, waitBefore } from './passing.ts';
import type { Verified } from './verify-apart.ts';
import type { Work } from './work.ts';

/** How a result is judged and signed. */
export interface Judging {
  /** What a policy makes of a result. */
  judge(document: ResultDocument): ResultDocument;
  /** Signs a result as the user wants it, or not at all. Throws ReproveError. */
  sign(document: ResultDocument): Promise<SignedResult>;
}

/** Why there is no verdict. */
export interface Failure {
  readonly code: string;
  readonly text: ErrorText;
}

/** It met something that passes, and is to be tried again. */
export interface Again {
  readonly kind: 'again';
  readonly detail: string;
  readonly waitMs: number;
  /** As of the work, with this time. */
  readonly met: Work['met'];
}

/** What comes of an attempt. */
export type Conclusion =
  | { readonly kind: 'stopped' }
  | ((
      | Again
      | { readonly kind: 'judged'; readonly signed: SignedResult }
      | { readonly kind: 'failed'; readonly failure: Failure }
    ) & {
      /** Whether something was away on which everything else depends as well. */
      readonly isAway: boolean;
    });

/**
 * Makes of a verification what is to be stored: judged by what the user's files and policy ask and signed, to be tried again, or
 * given up.
 *
 * @throws ReproveError what would fail all others as well: a key that cannot be used
 */
export async function conclude(
  verified: Verified,
  context: Judging & { readonly work: Work; readonly firstWaitMs: number },
): Promise<Conclusion> {
  if (verified.kind === 'stopped') return verified;
  const again = againOf(verified, context);
  if (again !== null) return again;
  const signed = verified.kind === 'judged' ? await signedBy(context, verified.document) : verified;
  if (!('kind' in signed)) return { kind: 'judged', signed, isAway: false };
  const isAway = troubleOf(signed) === 'environment';
  return againOf(signed, context) ?? { kind: 'failed', failure: failureOf(signed), isAway };
}

type Ended = Exclude<Verified, { readonly kind: 'stopped' }>;
type Unsigned = Extract<Verified, { readonly kind: 'error' }>;

/** Null when what it met does not pass, or was met often enough. */
function againOf(
  ended: Ended,
  { work, firstWaitMs }: { readonly work: Work; readonly firstWaitMs: number },
): (Again & { readonly isAway: boolean }) | null {
  const trouble: Trouble = troubleOf(ended);
  const tried = (work.met[trouble] ?? 0) + 1;
  const waitMs = waitBefore(trouble, tried, firstWaitMs);
  if (waitMs === null) return null;
  const met = { ...work.met, [trouble]: tried };
  return { kind: 'again', detail: detailOf(ended), waitMs, met, isAway: trouble === 'environment' };
}

async function signedBy(
  { judge, sign, work }: Judging & { readonly work: Work },
  document: ResultDocument,
): Promise<SignedResult | Unsigned> {
  try {
    return await sign(judge(withExpected(document, work.expected)));
  } catch (error) {
    // A key that cannot be used would fail all others as well.
    if (!(error instanceof ReproveError) || error.code !== 'signing-failed') throw error;
    return { kind: 'error', error };
  }
}

function detailOf(verified: Ended): string {
  if (verified.kind === 'crashed') return verified.detail;
  if (verified.kind === 'error') return `${verified.error.text.what} ${verified.error.text.why}`;
  return verified.document.reason?.message ?? '';
}

function failureOf(verified: Exclude<Ended, { readonly kind: 'judged' }>): Failure {
  if (verified.kind === 'error') return { code: verified.error.code, text: verified.error.text };
  return {
    code: 'internal',
    text: {
      what: 'The process that verified it gave no answer, each time that it was tried.',
      why: verified.detail,
      next: 'Verify it alone with "reprove verify" to see more, and please report it; nothing is known of this package version.',
    },
  };
}
