import { type ErrorCode, type ErrorText, ReproveError } from './errors.ts';

/** How a process of ours tells the one that started it that it has failed; `error-answer-schema.ts` reads it. */
export interface ErrorAnswer {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly text: ErrorText;
}

/**
 * An error as such an answer.
 *
 * @param unexpected what to say of one that we did not raise on purpose
 */
export function errorAnswer(
  error: unknown,
  unexpected: { readonly what: string; readonly why: string },
): ErrorAnswer {
  if (error instanceof ReproveError) return { ok: false, code: error.code, text: { ...error.text } };
  const next = 'Please report it, with the command and this text.';
  return { ok: false, code: 'internal', text: { ...unexpected, next } };
}
