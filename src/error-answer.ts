import { z } from 'zod';
import { ERROR_CODES, ReproveError } from './errors.ts';

/** How a process of ours tells the one that started it that it has failed. */
export const ErrorAnswer = z.strictObject({
  ok: z.literal(false),
  code: z.enum(ERROR_CODES),
  text: z.strictObject({ what: z.string(), why: z.string(), next: z.string() }),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;

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
