import { endBatch } from '../store/batches.ts';
import { isBatchDone } from '../store/claims.ts';
import { countOutcomes } from '../store/history.ts';
import type { Store } from '../store/open.ts';

/** Ends a batch of which every job is done or failed, whoever did the last one; true when it has ended. */
export async function endWhenDone(store: Store, batchId: string, now: Date): Promise<boolean> {
  if (!(await isBatchDone(store, batchId))) return false;
  await endBatch(store, batchId, { counts: JSON.stringify(await countOutcomes(store, batchId)), now });
  return true;
}
