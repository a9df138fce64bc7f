import { ReproveError } from '../errors.ts';
import type { KnownWorker } from '../store/workers.ts';
import { differences, parseTerms, type Terms } from './terms.ts';

/** What a batch asks of workers; who signs is theirs. */
export type Wanted = Omit<Terms, 'signer'>;

/**
 * The terms of the workers that do a batch: theirs say who signs. Those that are there count, else the latest that was. Pure.
 *
 * @param known the latest first
 * @throws ReproveError `usage` when no worker has been seen that would do it, or several that sign differently
 */
export function termsOfWorkers(known: readonly KnownWorker[], wanted: Wanted): Terms {
  const fitting = known.flatMap((worker) => {
    const terms = parseTerms(worker.terms);
    return terms !== null && differences(terms, wanted).length === 0 ? [{ worker, terms }] : [];
  });
  const there = fitting.filter(({ worker }) => worker.isThere);
  const [first] = there.length > 0 ? there : fitting;
  if (first === undefined) throw noWorker(known, wanted);
  const other = there.find(({ terms }) => terms.signer !== first.terms.signer);
  if (other !== undefined) throw severalSigners(first.worker, other.worker);
  return first.terms;
}

/** In what each kind of worker that was seen is other than what is wanted; the latest first. Pure. */
export function whyNot(known: readonly KnownWorker[], wanted: Wanted): readonly string[] {
  const why = known.map(({ host, isThere, terms }) => {
    const other = differences(parseTerms(terms), wanted).join('; ');
    return `${host} ${isThere ? 'has' : 'had'} ${other === '' ? 'another signer' : other}`;
  });
  return [...new Set(why)].slice(0, MOST_NAMED);
}

const MOST_NAMED = 3;

function noWorker(known: readonly KnownWorker[], wanted: Wanted): ReproveError {
  const seen = whyNot(known, wanted);
  return new ReproveError('usage', {
    what: 'No worker has been seen that does this batch.',
    why:
      seen.length === 0
        ? 'No worker has ever taken jobs from this store.'
        : `A worker must be the same version, with the same --registry and --policy: ${seen.join(', ')}.`,
    next: 'Start "reprove worker" with this store, and with the --registry and --policy of this command; it need not stay.',
  });
}

function severalSigners(one: KnownWorker, other: KnownWorker): ReproveError {
  return new ReproveError('usage', {
    what: 'The workers of this batch sign differently.',
    why: `The one on ${one.host} has another key than the one on ${other.host}, and a batch has one signer.`,
    next: 'Give all workers of a store the same key, or end those that have the wrong one.',
  });
}
