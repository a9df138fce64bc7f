import os from 'node:os';
import type { Engine, Limits, RootFilesystem } from '../sandbox/engine.ts';
import { rootFilesystem } from '../sandbox/rootfs.ts';
import { selectEngine } from '../sandbox/select.ts';
import type { Progress, VerifyTools } from '../verify.ts';
import { openEcosystem } from './open-ecosystem.ts';
import type { RunOptions } from './options.ts';

const GIBIBYTE = 1024 ** 3;
const MINUTE_MS = 60_000;

/**
 * Everything that a run works with, made from the command line. Engine and image are looked for at once.
 *
 * @param share.sharedBy how many runs share the machine
 */
export async function openTools(
  options: RunOptions,
  progress: Progress,
  share: { readonly sharedBy: number } = { sharedBy: 1 },
): Promise<VerifyTools & { readonly limits: Limits }> {
  const { cacheDir } = options;
  const ecosystem = await openEcosystem(options);
  const engine = eager<Engine>(() => selectEngine({ requested: options.engine }));
  const rootfs = eager<RootFilesystem>(() =>
    rootFilesystem({ cacheDir, onProgress: (detail) => progress.onStage('plan', detail) }),
  );
  return { ecosystem, engine, rootfs, progress, limits: limitsOfMachine(options, share.sharedBy) };
}

/** Starts now; whoever needs it waits. A failure is met there, and only there. */
function eager<T>(start: () => Promise<T>): () => Promise<T> {
  const promise = start();
  promise.catch(() => undefined);
  return () => promise;
}

/** Half of the machine's memory for the processes of a build, within sense; the rest of it holds what they write. */
function limitsOfMachine(options: RunOptions, sharedBy: number): Limits {
  const share = Math.floor(os.totalmem() / 2 / sharedBy);
  return {
    memoryBytes: Math.min(Math.max(share, 2 * GIBIBYTE), 12 * GIBIBYTE),
    diskBytes: Math.min(Math.max(share, 2 * GIBIBYTE), 8 * GIBIBYTE),
    processes: 1024,
    stepMs: Math.min(options.timeout * 1000, 30 * MINUTE_MS),
    logBytes: 1024 * 1024,
  };
}
