import { z } from 'zod';
import { LAYOUT } from '../sandbox/engine.ts';
import { PlanDocument } from './document.ts';

/*
 * What a plan that somebody gives may hold (docs/plans.md). Everything in it becomes an argument, a variable or a path
 * inside the sandbox; the rules see to it that each can only be what it says it is.
 */

/** A name or a sentence of one line. */
const Words = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters');

/** In UTF-8 less than the 128 KiB that Linux takes for one argument or variable (execve(2)). */
const MOST_CHARACTERS = 32_768;
const MOST_BYTES_OF_STEP = 1024 * 1024;

const Argument = z
  .string()
  .max(MOST_CHARACTERS)
  .regex(/^[^\0]*$/, 'must not hold a NUL');
/** The program is named to env(1), which reads a word with "=" as a variable and one with "-" in front as an option. */
const Program = z
  .string()
  .max(MOST_CHARACTERS)
  .regex(/^[^-=\0][^=\0]*$/, 'must be a program, without "=" and not beginning with "-"');
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'must be the name of a variable');

const Role = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be the name of a tool, such as node');
const EXACT_VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$/;
const Version = z
  .string()
  .max(256)
  .regex(EXACT_VERSION, 'must be an exact version (https://semver.org), such as 22.14.0');

/** One component of a path: not empty, neither "." nor "..". */
const COMPONENT = String.raw`(?!\.{1,2}(?:\/|$))[^\/\p{Cc}]+`;

const Folder = z
  .string()
  .max(1024)
  .regex(
    new RegExp(String.raw`^${LAYOUT.work}(?:\/${COMPONENT})+$`, 'u'),
    `must be a folder below ${LAYOUT.work} in the sandbox, without "." and ".."`,
  );

/** What SOURCE_DATE_EPOCH can say and ISO 8601 can write. */
const Instant = z.iso
  .datetime()
  .max(40)
  .regex(/^(?:19[7-9]|[2-9]\d\d)\d-/, 'must be an instant from 1970 to 9999, such as 2024-03-01T12:00:00Z');

const StepRules = z
  .strictObject({
    name: Words(200),
    phase: z.enum(['fetch', 'build', 'pack']),
    argv: z.tuple([Program], Argument),
    cwd: Folder,
    env: z.record(Variable, Argument),
    optional: z.boolean(),
  })
  .refine(({ argv, env }) => bytesOf([...argv, ...Object.entries(env).flat()]) <= MOST_BYTES_OF_STEP, {
    error: 'its arguments and variables are more than a program can be given',
  });

function bytesOf(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
}

/** A rebuild plan from outside. */
export const PlanRules = z.strictObject({
  ...PlanDocument.shape,
  fallback: z.boolean().default(false),
  strategy: Words(64),
  toolchain: z.record(Role, Version),
  registryTime: Instant,
  clock: Instant,
  // The socket to the registry does not come back after the first step without it.
  steps: z
    .array(StepRules)
    .min(1)
    .max(100)
    .refine(isFetchFirst, { error: 'fetch steps must come before all others' }),
  output: Folder,
});

function isFetchFirst(steps: readonly { readonly phase: string }[]): boolean {
  const firstOther = steps.findIndex((step) => step.phase !== 'fetch');
  return firstOther < 0 || steps.slice(firstOther).every((step) => step.phase !== 'fetch');
}

/** Where a plan applies, from outside. */
export const SourceRules = z.strictObject({
  repository: z.string().min(1).max(2048),
  commit: z.string().regex(/^[0-9a-f]{40}$/, 'must be a full commit id, 40 hexadecimal digits'),
  ref: Words(1024).nullable(),
  directory: Words(1024).regex(
    new RegExp(String.raw`^(?:\.|${COMPONENT}(?:\/${COMPONENT})*)$`, 'u'),
    'must be a folder of the repository, "." for its root',
  ),
  evidence: PlanDocument.shape.evidence,
});
