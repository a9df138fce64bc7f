import type { OpenedBatch } from '../batch/begin.ts';
import { runBatch } from '../batch/run.ts';
import { rootFilesystem } from '../sandbox/rootfs.ts';
import { selectEngine } from '../sandbox/select.ts';
import type { Store } from '../store/open.ts';
import { roomHere } from './apart.ts';
import type { BatchOptions } from './batch-options.ts';
import type { BatchProgress } from './batch-progress.ts';
import type { UnattendedJudging } from './judging.ts';
import { runTools } from './run-tools.ts';
import { say } from './say.ts';

interface Here {
  readonly store: Store;
  readonly batch: OpenedBatch;
  readonly judging: UnattendedJudging;
  readonly progress: Omit<BatchProgress, 'around'>;
  readonly signal: AbortSignal;
}

/**
 * Verifies what is left of a batch on this machine.
 *
 * @throws ReproveError what makes going on senseless
 */
export async function verifyHere(options: BatchOptions, here: Here): Promise<void> {
  const { store, batch, judging, progress, signal } = here;
  const { engine: requested, cacheDir, timeout, retryAfter } = options;
  const engine = await selectEngine({ requested });
  await rootFilesystem({ cacheDir, onProgress: say });
  const workers = Math.min(options.workers ?? (await roomHere(cacheDir)), batch.work.length);
  const limitMs = timeout * 1000;
  const request = { batchId: batch.id, work: batch.work, workers, terms: batch.terms, limitMs, signal };
  await runBatch(
    { ...request, firstWaitMs: retryAfter * 1000 },
    { ...progress, ...runTools(options, judging, workers), store, now: () => new Date() },
  );
  // Of processes that were stopped, or crashed.
  await engine.sweep();
}
