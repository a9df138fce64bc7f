import type { Queued } from '../batch/begin.ts';
import { termsOfWorkers, type Wanted } from '../batch/match-workers.ts';
import { type Terms, termsId } from '../batch/terms.ts';
import { messageOf, ReproveError } from '../errors.ts';
import { isPostgres, type Store } from '../store/open.ts';
import { knownWorkers } from '../store/workers.ts';
import type { BatchOptions } from './batch-options.ts';
import { say } from './say.ts';

/** A batch that workers do. */
export interface BatchQueued extends Queued {
  /** Of the workers. */
  readonly terms: Terms;
  readonly wanted: Wanted;
}

/**
 * Opens the queue of the workers that do what the command line asks.
 *
 * @throws ReproveError `usage` for a store that is no PostgreSQL, for options that are the workers', and when there are no such workers
 */
export async function openBatchQueue(store: Store, options: BatchOptions, own: Terms): Promise<BatchQueued> {
  requireSense(options, own);
  const { signer: _, ...wanted } = own;
  const terms = termsOfWorkers(await knownWorkers(store), wanted);
  const { openQueue } = await import('../store/queue.ts');
  const queue = await openQueue(store, {
    location: options.store,
    terms: termsId(terms),
    supervises: false,
    onError: (error) => say(`the queue: ${messageOf(error)}`),
  });
  return { queue, terms, wanted, firstWaitMs: Math.ceil(options.retryAfter * 1000) };
}

/** The queue is in PostgreSQL, and who works signs. */
function requireSense({ store, workers }: BatchOptions, { signer }: Terms): void {
  const why = !isPostgres(store)
    ? ['Workers take their jobs from a PostgreSQL store.', 'Name one with --store, or leave out --queue.']
    : signer !== null
      ? [
          'The workers sign what they find, with the key that they have.',
          'Give the key to "reprove worker" alone.',
        ]
      : workers !== undefined
        ? ['This command verifies nothing itself then.', 'Leave out --workers; a worker has --slots.']
        : null;
  if (why === null) return;
  const [because = '', next = ''] = why;
  throw new ReproveError('usage', { what: 'The options do not fit --queue.', why: because, next });
}
