import { statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Machine, workersFor } from '../batch/capacity.ts';
import { type ApartOptions, verifyApart, type Verified } from '../batch/verify-apart.ts';
import type { RunOptions } from './options.ts';

const PROGRAM = fileURLToPath(new URL(`./verify-process${path.extname(import.meta.url)}`, import.meta.url));

/** One package version, in a process of its own. */
export type Verifier = (
  purl: string,
  options: Omit<ApartOptions, 'program'> & { readonly limitMs: number },
) => Promise<Verified>;

/**
 * What verifies package versions as the command line says, each in a process of its own.
 *
 * @param sharedBy how many of these processes share the machine
 */
export function verifierOf(options: Omit<RunOptions, 'timeout'>, sharedBy: number): Verifier {
  const { registry, trustedRoot, cacheDir, gitMirror, engine } = options;
  return (spec, { limitMs, ...apart }) =>
    verifyApart(
      {
        spec,
        registry: registry ?? null,
        trustedRoot: trustedRoot ?? null,
        cacheDir,
        mirrors: [...gitMirror],
        engine,
        timeoutMs: Math.ceil(limitMs),
        sharedBy,
      },
      { program: PROGRAM, ...apart },
    );
}

/** How many package versions this machine has room for at a time. */
export async function roomHere(cacheDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(cacheDir);
  const machine: Machine = {
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    diskBytes: bavail * bsize,
  };
  return workersFor(machine);
}
