import type { InputPackage } from '../model/inputs.ts';
import { ownerName } from '../owner.ts';
import { type BatchQueue, type BegunBatch, beginBatch, type NewJob } from '../store/batches.ts';
import { durationsOf, type Job, jobsOf } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import type { WorkQueue } from '../store/queue.ts';
import { sha256, type Terms, termsId } from './terms.ts';
import { type Work, workOf } from './work.ts';

export interface BatchRequest {
  readonly packages: readonly InputPackage[];
  readonly series: string;
  readonly terms: Terms;
  /** How old a result may be that stands for a new one, milliseconds. */
  readonly maxAgeMs: number;
  /** What each package version may take, milliseconds. */
  readonly limitMs: number;
  readonly now: Date;
  /** Workers do it, from this queue; null: this process does. */
  readonly queued: Queued | null;
}

export interface Queued {
  readonly queue: WorkQueue;
  /** Before the first other try, milliseconds. */
  readonly firstWaitMs: number;
}

export interface OpenedBatch extends BegunBatch {
  readonly jobs: readonly Job[];
  /** What is left to do. */
  readonly work: readonly Work[];
  /** Of the terms, hex. */
  readonly terms: string;
}

/** A result of something that did not answer stands for so long: a run right after another does nothing again. */
const UNSETTLED_MS = 60 * 60_000;
/** Of a package of which nothing is known, milliseconds: in the middle of what packages take. */
const UNKNOWN_MS = 20_000;

/**
 * Takes up the batch of the same packages and terms that did not end, or begins a new one.
 *
 * @throws ReproveError when the store fails or another process is at work on that batch
 */
export async function openBatch(store: Store, request: BatchRequest): Promise<OpenedBatch> {
  const { series, maxAgeMs, limitMs, now, queued } = request;
  const terms = termsId(request.terms);
  const notBefore = now.getTime() - maxAgeMs;
  const newJobs = jobsOfPackages(request.packages);
  const durations = await durationsOf(
    store,
    newJobs.map(({ name }) => name),
  );
  const costOf = (name: string) => durations.get(name) ?? UNKNOWN_MS;
  const wanted = newJobs.map(({ purl, expected }) => [purl, expected]);
  const begun = await beginBatch(store, {
    series,
    // Who does it makes another batch of it: what workers have in flight is not for this process to take up.
    key: sha256([series, terms, wanted, ...(queued === null ? [] : ['queued'])]),
    jobs: newJobs,
    owner: ownerName(),
    now,
    terms: JSON.stringify(request.terms),
    queue: queued === null ? null : batchQueue(queued, { limitMs, costOf }),
    fresh: {
      terms,
      notBefore: new Date(notBefore),
      unsettledNotBefore: new Date(Math.max(notBefore, now.getTime() - UNSETTLED_MS)),
      limitMs,
    },
  });
  const jobs = await jobsOf(store, begun.id);
  const left = jobs.filter(({ state }) => state === 'waiting');
  const work = left.map((job) => workOf(job, { costMs: costOf(job.name), met: {} }));
  return { ...begun, jobs, work, terms };
}

function batchQueue(
  { queue, firstWaitMs }: Queued,
  { limitMs, costOf }: { readonly limitMs: number; readonly costOf: (name: string) => number },
): BatchQueue {
  return {
    name: queue.name,
    add: (db, batchId, jobs) =>
      queue.add(
        db,
        jobs.map(({ purl, name }) => ({
          batchId,
          purl,
          limitMs,
          firstWaitMs,
          costMs: costOf(name),
          met: {},
          losses: 0,
          repository: null,
        })),
      ),
  };
}

/**
 * Each package version once, with every digest that a file wants of it. Two files that want different ones of the same version
 * cannot both get what they want, and the result says so.
 */
export function jobsOfPackages(packages: readonly InputPackage[]): readonly NewJob[] {
  const groups = Map.groupBy(packages, ({ subject }) => subject.purl);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([purl, group]) => {
      const [first] = group;
      if (first === undefined) return [];
      const wanted = group.flatMap(({ integrity }) => (integrity.length > 0 ? [integrity.join(' ')] : []));
      const places = group.flatMap(({ entries }) => entries.map(({ place }) => place));
      return [
        {
          purl,
          name: first.subject.name,
          version: first.subject.version,
          expected: JSON.stringify(wanted.toSorted().map((one) => one.split(' '))),
          places: JSON.stringify(places),
        },
      ];
    });
}
