import { createHash } from 'node:crypto';
import type { InputPackage } from '../model/inputs.ts';
import { ownerName } from '../owner.ts';
import { type BegunBatch, beginBatch, type NewJob } from '../store/batches.ts';
import { durationsOf, type Job, jobsOf } from '../store/jobs.ts';
import type { Store } from '../store/open.ts';
import type { Work } from './run.ts';

/** Everything but the package that a result depends on. */
export interface Terms {
  readonly tool: string;
  /** As named with `--registry`; null: what npm is configured with. */
  readonly registry: string | null;
  /** sha256 of the policy's file. */
  readonly policy: string | null;
  /** What tells the signer: of a key, the sha256 of its file. */
  readonly signer: string | null;
}

export interface BatchRequest {
  readonly packages: readonly InputPackage[];
  readonly series: string;
  readonly terms: Terms;
  /** How old a result may be that stands for a new one, milliseconds. */
  readonly maxAgeMs: number;
  /** What each package version may take, milliseconds. */
  readonly limitMs: number;
  readonly now: Date;
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
  const { series, maxAgeMs, limitMs, now } = request;
  const terms = termsId(request.terms);
  const notBefore = now.getTime() - maxAgeMs;
  const newJobs = jobsOfPackages(request.packages);
  const begun = await beginBatch(store, {
    series,
    key: sha256([series, terms, newJobs.map(({ purl, expected }) => [purl, expected])]),
    jobs: newJobs,
    owner: ownerName(),
    now,
    fresh: {
      terms,
      notBefore: new Date(notBefore),
      unsettledNotBefore: new Date(Math.max(notBefore, now.getTime() - UNSETTLED_MS)),
      limitMs,
    },
  });
  const jobs = await jobsOf(store, begun.id);
  const left = jobs.filter(({ state }) => state === 'waiting');
  const durations = await durationsOf(
    store,
    left.map(({ name }) => name),
  );
  const work = left.map((job) => workOf(job, durations.get(job.name) ?? UNKNOWN_MS));
  return { ...begun, jobs, work, terms };
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

function workOf({ purl, name, version, expected }: Job, costMs: number): Work {
  return {
    purl,
    title: `${name}@${version}`,
    expected: JSON.parse(expected) as Work['expected'],
    costMs,
    readyAt: 0,
    met: {},
  };
}

/** What names some terms: equal only for equal terms. Hex. Pure. */
export function termsId(terms: Terms): string {
  return sha256(terms);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
