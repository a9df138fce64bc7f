import type { Job } from '../store/jobs.ts';
import type { Expected } from './expected.ts';
import type { Trouble } from './passing.ts';
import type { Queued } from './queue.ts';

/** A package version that is to be verified. */
export interface Work extends Queued {
  readonly purl: string;
  /** `name@version`. */
  readonly title: string;
  readonly expected: readonly Expected[];
  /** How often each trouble was met so far. */
  readonly met: Readonly<Partial<Record<Trouble, number>>>;
}

/** What there is to do for a job of a batch. Pure. */
export function workOf(
  { purl, name, version, expected }: Pick<Job, 'purl' | 'name' | 'version' | 'expected'>,
  more: Pick<Work, 'costMs' | 'met'>,
): Work {
  return {
    purl,
    title: `${name}@${version}`,
    expected: JSON.parse(expected) as Work['expected'],
    readyAt: 0,
    ...more,
  };
}
