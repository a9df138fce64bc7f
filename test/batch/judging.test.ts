import { describe, expect, test } from 'vitest';
import { jobsOfPackages } from '../../src/batch/begin.ts';
import { workersFor } from '../../src/batch/capacity.ts';
import { changesBetween } from '../../src/batch/changes.ts';
import { withExpected } from '../../src/batch/expected.ts';
import { troubleOf, waitBefore } from '../../src/batch/passing.ts';
import { Queue } from '../../src/batch/queue.ts';
import { ReproveError } from '../../src/errors.ts';
import type { InputPackage } from '../../src/model/inputs.ts';
import { REGISTRY_FAILED } from '../../src/rebuild.ts';
import { headline } from '../../src/report/sentences.ts';
import type { Outcome } from '../../src/store/history.ts';
import { DOCUMENTS } from '../support/attestations.ts';

const GIBIBYTE = 1024 ** 3;
const { reproduced, unverifiable } = DOCUMENTS;
const served = `sha512-${Buffer.from(reproduced.subject.digests?.sha512 ?? '', 'hex').toString('base64')}`;
const servedSha1 = `sha1-${Buffer.from(reproduced.subject.digests?.sha1 ?? '', 'hex').toString('base64')}`;
const other = `sha512-${Buffer.alloc(64).toString('base64')}`;

describe('what lockfiles want', () => {
  test.each([
    ['nothing', []],
    ['what is served', [[served]]],
    ['what is served, by two digests', [[served, servedSha1]]],
    ['what is served, in two files', [[served], [servedSha1]]],
    ['only a digest of a kind that is not computed', [[`sha384-${Buffer.alloc(48).toString('base64')}`]]],
  ])('%s changes nothing', (_, expected) => {
    expect(withExpected(reproduced, expected)).toBe(reproduced);
  });

  test.each([
    ['another file', [[other]], 1],
    ['one digest that is right and one that is not', [[other, servedSha1]], 1],
    ['what is served in one file, and another file in the next', [[served], [other]], 1],
    ['two other files', [[other], [`sha1-${Buffer.alloc(20).toString('base64')}`]], 2],
  ])('%s is never reproduced', (_, expected, count) => {
    const result = withExpected(reproduced, expected);
    expect(result).toMatchObject({ verdict: 'diverged', level: null, severity: 'critical' });
    expect(result.findings.map(({ kind }) => kind)).toEqual(
      Array.from({ length: count }, () => 'registry-serves-another-file'),
    );
    expect(headline(result)).toContain('is not the file that was locked');
  });

  test('what could not be judged stays unverifiable, and is alarming', () => {
    const result = withExpected(unverifiable, [[other]]);
    expect(result).toMatchObject({ verdict: 'unverifiable', severity: 'critical' });
  });
});

describe('a package version that files list more than once', () => {
  const entry = (line: number) =>
    ({ place: { file: 'f', line, project: '.', path: [] } }) as unknown as InputPackage['entries'][number];
  const subject = { ecosystem: 'npm', name: 'a', version: '1.0.0', purl: 'pkg:npm/a@1.0.0' };

  test('is one job, with every place and every wanted artifact', () => {
    const jobs = jobsOfPackages([
      { subject, integrity: [served], entries: [entry(1)] },
      { subject, integrity: [other], entries: [entry(2), entry(3)] },
    ]);
    expect(jobs).toHaveLength(1);
    expect(JSON.parse(jobs[0]?.expected ?? '')).toEqual([[other], [served]]);
    expect((JSON.parse(jobs[0]?.places ?? '') as { line: number }[]).map(({ line }) => line)).toEqual([
      1, 2, 3,
    ]);
  });

  test('gives the same job in whatever order', () => {
    const two = { ...subject, purl: 'pkg:npm/b@1.0.0', name: 'b' };
    const packages = [
      { subject, integrity: [], entries: [entry(1)] },
      { subject: two, integrity: [served], entries: [entry(2)] },
    ];
    expect(jobsOfPackages(packages.toReversed())).toEqual(jobsOfPackages(packages));
  });
});

describe('what passes', () => {
  const error = (code: ConstructorParameters<typeof ReproveError>[0]) => ({
    kind: 'error' as const,
    error: new ReproveError(code, { what: '', why: '', next: '' }),
  });
  const because = (code: 'fetch-failed' | 'repository-unreachable' | 'build-failed', message = '') => ({
    kind: 'judged' as const,
    document: { ...unverifiable, reason: { code, message } },
  });
  test.each([
    ['a registry that does not answer', error('registry-unreachable'), 'environment'],
    ['an engine that is gone', error('engine-failed'), 'environment'],
    ['a registry that wants other credentials', error('registry-refuses'), 'none'],
    ['a registry whose document is none', error('registry-invalid'), 'none'],
    ['a wrong command line', error('usage'), 'none'],
    ['a process that was killed', { kind: 'crashed' as const, detail: '' }, 'crash'],
    ['a repository that does not answer', because('repository-unreachable'), 'repository'],
    [
      'a fetch during which the registry failed',
      because('fetch-failed', `${REGISTRY_FAILED}: 503.`),
      'repository',
    ],
    ['a fetch that failed for itself', because('fetch-failed', '404'), 'none'],
    ['a build that failed', because('build-failed'), 'none'],
    ['a verdict', { kind: 'judged' as const, document: reproduced }, 'none'],
  ])('%s', (_, verified, trouble) => {
    expect(troubleOf(verified)).toBe(trouble);
  });

  test('waits twice as long each time, up to a bound, and gives up', () => {
    const waits = Array.from({ length: 11 }, (_, index) => waitBefore('environment', index + 1, 15_000));
    expect(waits.map((wait) => (wait === null ? null : wait / 1000))).toEqual([
      15,
      30,
      60,
      120,
      240,
      480,
      900,
      900,
      900,
      900,
      null,
    ]);
    // An hour of nothing but "not now" is outlasted.
    expect(waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0)).toBeGreaterThan(60 * 60_000);
    expect(waitBefore('crash', 3, 1)).toBeNull();
    expect(waitBefore('none', 1, 1)).toBeNull();
  });
});

describe('the queue', () => {
  const item = (name: string, costMs: number, readyAt = 0) => ({ name, costMs, readyAt });

  test('hands out the cheap before the dear, and nothing before its time', () => {
    const queue = new Queue([item('dear', 9), item('cheap', 1), item('later', 0, 100)]);
    expect([queue.take(50), queue.take(50), queue.take(50)].map((one) => one?.name)).toEqual([
      'cheap',
      'dear',
      undefined,
    ]);
    expect(queue.nextAt()).toBe(100);
    expect(queue.take(100)?.name).toBe('later');
    expect([queue.length, queue.nextAt()]).toEqual([0, null]);
  });

  test('hands out nothing while it is paused', () => {
    const queue = new Queue([item('a', 1)]);
    queue.pauseUntil(10);
    queue.pauseUntil(5);
    expect([queue.take(9), queue.nextAt(), queue.take(10)?.name]).toEqual([null, 10, 'a']);
  });

  test('takes back what is to be tried again', () => {
    const queue = new Queue([item('a', 5), item('b', 1)]);
    queue.put(item('c', 1, 7));
    expect([queue.take(0), queue.take(0), queue.take(0), queue.take(7)].map((one) => one?.name)).toEqual([
      'b',
      'a',
      undefined,
      'c',
    ]);
  });
});

test.each([
  ['as many as there are processors', { cpus: 2, memoryBytes: 64 * GIBIBYTE, diskBytes: 99 * GIBIBYTE }, 2],
  ['fewer where memory is short', { cpus: 64, memoryBytes: 9 * GIBIBYTE, diskBytes: 99 * GIBIBYTE }, 2],
  [
    'fewer where the disk is nearly full',
    { cpus: 64, memoryBytes: 999 * GIBIBYTE, diskBytes: 7 * GIBIBYTE },
    3,
  ],
  ['one on the smallest machine', { cpus: 1, memoryBytes: GIBIBYTE, diskBytes: 0 }, 1],
])('workers: %s', (_, machine, workers) => {
  expect(workersFor(machine)).toBe(workers);
});

describe('what changed', () => {
  const outcome = (name: string, more: Partial<Outcome> = {}): Outcome => ({
    purl: `pkg:npm/${name}@${more.version ?? '1.0.0'}`,
    name,
    version: '1.0.0',
    state: 'done',
    result_id: 'new',
    verdict: 'reproduced',
    severity: 'none',
    reason: null,
    summary: null,
    sha512: 'a',
    repository: 'https://git.example/owner/name',
    commit_id: 'c',
    ref: 'refs/tags/v1',
    ...more,
  });
  const old = (name: string, more: Partial<Outcome> = {}) => outcome(name, { result_id: 'old', ...more });
  const none = { result_id: null, verdict: null, state: 'failed' } as const;

  test.each<[string, Outcome[], Outcome[], string[]]>([
    ['the same result', [old('a')], [old('a')], []],
    ['another result that says the same', [old('a')], [outcome('a')], []],
    ['reproduced, then not', [old('a')], [outcome('a', { verdict: 'diverged' })], ['no-longer-reproduced']],
    [
      'reproduced, then unverifiable',
      [old('a')],
      [outcome('a', { verdict: 'unverifiable' })],
      ['no-longer-reproduced'],
    ],
    ['reproduced, then without a verdict', [old('a')], [outcome('a', none)], []],
    [
      'not reproduced, then reproduced',
      [old('a', { verdict: 'unverifiable' })],
      [outcome('a')],
      ['now-reproduced'],
    ],
    [
      'unverifiable, then diverged',
      [old('a', { verdict: 'unverifiable' })],
      [outcome('a', { verdict: 'diverged' })],
      ['now-diverged'],
    ],
    [
      'diverged, then unverifiable',
      [old('a', { verdict: 'diverged' })],
      [outcome('a', { verdict: 'unverifiable' })],
      [],
    ],
    [
      'without a verdict, then diverged',
      [old('a', none)],
      [outcome('a', { verdict: 'diverged' })],
      ['new-diverged'],
    ],
    ['other bytes', [old('a')], [outcome('a', { sha512: 'b' })], ['bytes-changed']],
    ['no bytes any more', [old('a')], [outcome('a', { sha512: null })], []],
    ['a tag that moved', [old('a')], [outcome('a', { commit_id: 'd' })], ['tag-moved']],
    ['another tag', [old('a')], [outcome('a', { commit_id: 'd', ref: 'refs/tags/w1' })], []],
    ['new', [], [outcome('a')], ['new-reproduced']],
    ['new and diverged', [], [outcome('a', { verdict: 'diverged' })], ['new-diverged']],
    ['new and unverifiable', [], [outcome('a', { verdict: 'unverifiable' })], ['new-unverifiable']],
    ['an upgrade', [old('a')], [outcome('a', { version: '2.0.0' })], ['new-reproduced']],
    [
      'an upgrade that diverged',
      [old('a')],
      [outcome('a', { version: '2.0.0', verdict: 'diverged' })],
      ['upgrade-diverged'],
    ],
    [
      'an upgrade of which nothing can be said',
      [old('a')],
      [outcome('a', { version: '2.0.0', verdict: 'unverifiable' })],
      ['upgrade-not-reproduced'],
    ],
    [
      'one more version beside the old one, which diverged',
      [old('a')],
      [old('a'), outcome('a', { version: '2.0.0', verdict: 'diverged' })],
      ['new-diverged'],
    ],
    ['one that is gone', [old('a')], [], []],
    [
      'several at once, the worst first',
      [old('a'), old('b')],
      [outcome('a', { commit_id: 'd' }), outcome('b', { sha512: 'b', verdict: 'diverged' }), outcome('c')],
      ['bytes-changed', 'no-longer-reproduced', 'tag-moved', 'new-reproduced'],
    ],
  ])('%s', (_, before, now, kinds) => {
    expect(changesBetween(before, now).map(({ kind }) => kind)).toEqual(kinds);
  });
});
