import { z } from 'zod';
import { run } from '../../src/process.ts';
import type { EngineName } from '../../src/sandbox/engine.ts';

const TIMEOUT_MS = 600_000;

/** What the work by hand has to know; a person would know it too. */
const documentSchema = z.object({
  verdict: z.string(),
  level: z.string().nullable(),
  subject: z.object({ name: z.string(), version: z.string() }),
  source: z.object({ repository: z.string(), ref: z.string().startsWith('refs/tags/') }),
  plan: z.object({
    toolchain: z.object({ node: z.string(), npm: z.string() }),
    registryTime: z.string(),
    steps: z.array(
      z.object({
        phase: z.enum(['fetch', 'build', 'pack']),
        argv: z.array(z.string()),
        cwd: z.string(),
        env: z.record(z.string(), z.string()),
        optional: z.boolean(),
      }),
    ),
  }),
});
export type ResultDocument = z.infer<typeof documentSchema>;

/** Runs `reprove verify` as a user does. Throws when it does not reproduce the package byte for byte. */
export async function verdictOf(options: {
  /** The program's main module. */
  readonly cli: string;
  readonly spec: string;
  readonly engine: EngineName;
  /** Template; empty for the repository itself. */
  readonly mirror: string;
  readonly cacheDir: string;
}): Promise<{ readonly document: ResultDocument }> {
  const { cli, spec, engine, mirror, cacheDir } = options;
  const where = [
    '--engine',
    engine,
    '--cache-dir',
    cacheDir,
    ...(mirror === '' ? [] : ['--git-mirror', mirror]),
  ];
  const ended = await run({
    file: process.execPath,
    args: [cli, 'verify', spec, '--json', ...where],
    inheritEnv: true,
    timeoutMs: TIMEOUT_MS,
  });
  const text = new TextDecoder();
  if (ended.exitCode !== 0) throw new Error(`reprove verify ${spec} failed:\n${text.decode(ended.all)}`);
  const document = documentSchema.parse(JSON.parse(text.decode(ended.stdout)));
  if (document.verdict !== 'reproduced' || document.level !== 'bytes')
    throw new Error(`${spec} is ${document.verdict} (${document.level ?? 'no level'})`);
  return { document };
}
