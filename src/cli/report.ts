import { reportOfBatch } from '../batch/report.ts';
import { ReproveError } from '../errors.ts';
import { BATCH_FORMATS } from '../report/batch-formats.ts';
import type { FormatName } from '../report/format-names.ts';
import { findBatch } from '../store/history.ts';
import { openStore, type Store } from '../store/open.ts';
import type { ReportOptions } from './report-options.ts';
import { terminal } from './terminal.ts';

/**
 * `reprove report`: prints a batch to stdout.
 *
 * @returns the exit code
 */
export async function runReport(options: ReportOptions): Promise<number> {
  const { batch: id = null, series = null, format } = options;
  const store = await openStore(options.store, { mustExist: true });
  try {
    await printBatch(store, { id, series }, format);
    return 0;
  } finally {
    await store.close();
  }
}

/** Prints a batch of a store. Throws ReproveError `usage` when there is none. */
export async function printBatch(
  store: Store,
  wanted: { readonly id: string | null; readonly series: string | null },
  format: FormatName,
): Promise<void> {
  const batch = await findBatch(store, wanted);
  if (batch === null) throw noBatch(store, wanted.id ?? wanted.series);
  process.stdout.write(BATCH_FORMATS[format](await reportOfBatch(store, batch), terminal()));
}

function noBatch(store: Store, wanted: string | null): ReproveError {
  return new ReproveError('usage', {
    what: wanted === null ? 'There is no batch to show.' : `There is no batch ${wanted} to show.`,
    why: `The store ${store.name} holds none${wanted === null ? '' : ' of that id or series'}.`,
    next: 'Run "reprove batch" with this store first, or name another with --store.',
  });
}
