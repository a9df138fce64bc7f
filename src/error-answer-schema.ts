import { z } from 'zod';
import type { ErrorAnswer } from './error-answer.ts';
import { ERROR_CODES } from './errors.ts';

/** Reads the answer of a process of ours that has failed. */
export const ErrorAnswerSchema = z.strictObject({
  ok: z.literal(false),
  code: z.enum(ERROR_CODES),
  text: z.strictObject({ what: z.string(), why: z.string(), next: z.string() }),
}) satisfies z.ZodType<ErrorAnswer>;
