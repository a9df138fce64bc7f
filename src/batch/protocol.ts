import { z } from 'zod';
import { ErrorAnswerSchema } from '../error-answer-schema.ts';
import { ResultDocument } from '../report/document.ts';
import { ENGINE_NAMES } from '../sandbox/engine.ts';

/** What a process that verifies one package version is asked, on its file descriptor 3. */
export const VerifyAsked = z.strictObject({
  /** A purl. */
  spec: z.string(),
  registry: z.string().nullable(),
  trustedRoot: z.string().nullable(),
  cacheDir: z.string(),
  mirrors: z.array(z.string()),
  engine: z.enum([...ENGINE_NAMES, 'auto']),
  timeoutMs: z.int().positive(),
  /** How many such processes share the machine. */
  sharedBy: z.int().positive(),
});
export type VerifyAsked = z.infer<typeof VerifyAsked>;

/** What it answers, on its stdout. */
export const VerifyAnswer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), document: ResultDocument }),
  ErrorAnswerSchema,
]);
export type VerifyAnswer = z.infer<typeof VerifyAnswer>;

/** The descriptor on which it is asked; its stdin stays open for as long as whoever asked lives. */
export const ASKED_ON = 3;
