import { z } from 'zod';
import { run } from '../../src/process.ts';

/** What is kept of a result document. */
const Document = z.object({
  verdict: z.enum(['reproduced', 'diverged', 'unverifiable']),
  level: z.string().nullable(),
  severity: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
  source: z.object({ commit: z.string(), ref: z.string().nullable(), directory: z.string() }).nullable(),
  plan: z
    .object({
      strategy: z.string(),
      toolchain: z.record(z.string(), z.string()),
      evidence: z.array(z.object({ kind: z.string(), detail: z.string() })),
    })
    .nullable(),
  comparison: z
    .object({
      // Lines of earlier versions have none.
      normalizers: z.array(z.object({ name: z.string() })).default([]),
      wrapping: z.array(z.string()),
      packer: z.string(),
      gzip: z.string(),
    })
    .nullable(),
  findings: z.array(
    z.object({
      kind: z.string(),
      severity: z.string(),
      path: z.string().nullable(),
      message: z.string(),
    }),
  ),
  signals: z.array(z.object({ kind: z.string(), message: z.string() })),
  attempts: z.array(
    z.object({
      strategy: z.string(),
      outcome: z.string(),
      durationMs: z.number(),
      log: z.string().nullable(),
    }),
  ),
});

/** One line of the results. */
export const Outcome = z.object({
  spec: z.string(),
  durationMs: z.number(),
  exitCode: z.number().nullable(),
  /** Null when the run gave no document: it crashed, or its environment failed. */
  document: Document.nullable(),
  /** The end of what a run without a document said. */
  said: z.string(),
});
export type Outcome = z.infer<typeof Outcome>;

const SAID = 2000;

/** Verifies one package version in a process of its own. */
export async function outcomeOf(options: {
  /** The program's main module. */
  readonly cli: string;
  readonly spec: string;
  readonly flags: readonly string[];
}): Promise<Outcome> {
  const { cli, spec, flags } = options;
  const started = performance.now();
  const ended = await run({
    file: process.execPath,
    args: [cli, 'verify', spec, '--json', ...flags],
    inheritEnv: true,
  });
  const text = new TextDecoder().decode(ended.stdout);
  const document = text === '' ? null : Document.parse(JSON.parse(text));
  return {
    spec,
    durationMs: Math.round(performance.now() - started),
    exitCode: ended.exitCode,
    document,
    said: document === null ? new TextDecoder().decode(ended.stderr).slice(-SAID) : '',
  };
}
