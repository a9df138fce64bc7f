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
  /** Whether it may fetch a source only when it is told to. */
  asksForSource: z.boolean(),
});
export type VerifyAsked = z.infer<typeof VerifyAsked>;

/** What it answers, on its stdout. */
export const VerifyAnswer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), document: ResultDocument }),
  ErrorAnswerSchema,
]);
export type VerifyAnswer = z.infer<typeof VerifyAnswer>;

/** Longer than any address that names a repository. */
export const LONGEST_REPOSITORY = 4096;

/** What it sends before it fetches a source, when it was asked to; it goes on when it has an answer. */
export const SourceWanted = z.strictObject({
  /** As the package names it; null when it names none. */
  repository: z.string().max(LONGEST_REPOSITORY).nullable(),
});
export type SourceWanted = z.infer<typeof SourceWanted>;

/** The descriptor on which it is asked; its stdin stays open for as long as whoever asked lives. */
export const ASKED_ON = 3;
