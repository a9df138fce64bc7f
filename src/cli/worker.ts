import os from 'node:os';
import { SharedClock } from '../batch/shared-clock.ts';
import { differences, parseTerms, type Terms, termsId } from '../batch/terms.ts';
import type { Rates } from '../batch/turns.ts';
import { runWorker } from '../batch/worker.ts';
import { messageOf, ReproveError } from '../errors.ts';
import { ownerName } from '../owner.ts';
import { rootFilesystem } from '../sandbox/rootfs.ts';
import { selectEngine } from '../sandbox/select.ts';
import { waitingTerms } from '../store/claims.ts';
import { checkStore, isPostgres, openStore, type Store } from '../store/open.ts';
import { openQueue, type WorkQueue } from '../store/queue.ts';
import { beginWorker, endWorker, sawWorker } from '../store/workers.ts';
import { roomHere, verifierOf } from './apart.ts';
import { openJudging, type UnattendedJudging } from './judging.ts';
import { openEcosystem } from './open-ecosystem.ts';
import { say } from './say.ts';
import type { WorkerOptions } from './worker-options.ts';
import { workerProgress } from './worker-progress.ts';

/**
 * `reprove worker`: takes jobs from the store's queue until it is told to end.
 *
 * @returns the exit code
 */
export async function runWorkerCommand(options: WorkerOptions): Promise<number> {
  requirePostgres(options.store);
  const judging = await openJudging(options);
  const end = new End();
  const store = await openStore(options.store);
  try {
    const queue = await openQueue(store, {
      location: options.store,
      terms: termsId(judging.terms),
      supervises: true,
      onError: (error) => say(`the queue: ${messageOf(error)}`),
    });
    try {
      await work(options, { store, queue, judging, end });
    } finally {
      await queue.close();
    }
  } finally {
    end.close();
    await store.close();
  }
  return 0;
}

function requirePostgres(store: string): void {
  if (isPostgres(store)) return;
  throw new ReproveError('usage', {
    what: 'A worker needs a PostgreSQL store.',
    why: `--store names ${store}, and workers on several machines can share no file.`,
    next: 'Name it as postgres://user@host/database, or run "reprove batch" without --queue.',
  });
}

interface Working {
  readonly store: Store;
  readonly queue: WorkQueue;
  readonly judging: UnattendedJudging;
  readonly end: End;
}

async function work(options: WorkerOptions, { store, queue, judging, end }: Working): Promise<void> {
  const { cacheDir } = options;
  const engine = await selectEngine({ requested: options.engine });
  await rootFilesystem({ cacheDir, onProgress: say });
  const ecosystem = await openEcosystem(options);
  const slots = options.slots ?? (await roomHere(cacheDir));
  const workerId = await beginWorker(store, {
    owner: ownerName(),
    host: os.hostname(),
    queue: queue.name,
    terms: JSON.stringify(judging.terms),
    slots,
  });
  say(`worker ${workerId} takes jobs from ${store.name}, ${slots} at a time`);
  await sayOthers(store, queue, judging.terms);
  const clock = new SharedClock(await store.query((db) => sawWorker(db, workerId)));
  try {
    await runWorker(
      {
        workerId,
        slots,
        terms: termsId(judging.terms),
        registryHost: new URL(ecosystem.registryOf('any')).host,
        rates: ratesOf(options),
        mostLosses: options.mostLosses,
        graceMs: options.grace * 1000,
        isUntilDone: options.untilDone,
        drain: end.drain,
        stop: end.stop,
      },
      {
        ...workerProgress(options),
        store,
        queue,
        clock,
        verify: verifierOf(options, slots),
        judge: (document) => judging.judge(document),
        sign: (document) => judging.sign(document),
        checkStore: () => checkStore(store),
        sweep: () => engine.sweep(),
      },
    );
  } finally {
    await engine.sweep();
  }
  await endWorker(store, workerId);
}

function ratesOf({ hostRate, repositoryRate }: WorkerOptions): Rates {
  return {
    hostPerMinute: hostRate === 0 ? null : hostRate,
    repositoryPerMinute: repositoryRate === 0 ? null : repositoryRate,
  };
}

/** What waits there that this worker must not do. */
async function sayOthers(store: Store, queue: WorkQueue, own: Terms): Promise<void> {
  for (const { queue: name, terms, batches } of await waitingTerms(store)) {
    if (name === queue.name) continue;
    const other = differences(parseTerms(terms), own).join('; ');
    say(
      `${batches === 1 ? '1 batch is' : `${batches} batches are`} left to other workers: ${other === '' ? 'another signer' : other}`,
    );
  }
}

/** Ends a worker: at the first signal when what is in flight is done, at the second at once, at the third without a word. */
class End {
  readonly #draining = new AbortController();
  readonly #stopping = new AbortController();

  constructor() {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  get drain(): AbortSignal {
    return this.#draining.signal;
  }

  get stop(): AbortSignal {
    return this.#stopping.signal;
  }

  close(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.stop.aborted) process.exit(128 + os.constants.signals[signal]);
    if (this.drain.aborted) {
      say('stops what is in flight; it goes back to the queue');
      this.#stopping.abort();
      return;
    }
    say('takes nothing new, and ends when what is in flight is done');
    this.#draining.abort();
  };
}
