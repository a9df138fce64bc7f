import { describe, expect, test } from 'vitest';
import { NPM_INPUTS } from '../../builders/npm/inputs/index.ts';
import { alarmOf, predecessorOf } from '../../src/watch/alarm.ts';
import { tooEarly } from '../../src/watch/too-early.ts';
import type { KnownResult, Sighting } from '../../src/store/sightings.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { DOCUMENTS } from '../support/attestations.ts';
import { divergedDocument } from '../support/documents.ts';

const { reproduced, unverifiable } = DOCUMENTS;
const diverged = divergedDocument({ severity: 'high' });

const SEEN_AT = '2026-03-01T12:00:00.000Z';
const sighting: Sighting = {
  series: 'watch list.txt',
  purl: 'pkg:npm/a@2.0.0',
  name: 'a',
  version: '2.0.0',
  kind: 'new',
  seen_at: SEEN_AT,
  expected: '[]',
  places: '[]',
};
const result = (version: string, verdict: KnownResult['verdict'] = 'reproduced'): KnownResult => ({
  purl: `pkg:npm/a@${version}`,
  name: 'a',
  version,
  verdict,
  reason: null,
});
const because = (code: NonNullable<ResultDocument['reason']>['code']): ResultDocument => ({
  ...unverifiable,
  reason: { code, message: 'a message' },
});

describe('the version before', () => {
  test.each([
    ['the next one below, in the order of versions', '1.10.0', ['1.9.0', '1.2.0', '2.0.0'], '1.9.0'],
    ['none when all are above', '1.0.0', ['1.0.1', '1.0.0'], null],
    ['no prerelease before a release', '2.0.0', ['2.0.0-rc.1', '1.0.0'], '1.0.0'],
    ['a prerelease before a prerelease', '2.0.0-rc.2', ['2.0.0-rc.1', '1.0.0'], '2.0.0-rc.1'],
    ['a release before a prerelease', '2.0.0-rc.1', ['1.0.0', '3.0.0'], '1.0.0'],
    ['of its own line when an old one is mended', '1.8.2', ['1.8.1', '1.9.0', '2.0.0'], '1.8.1'],
    ['nothing that is no version', '1.0.0', ['latest', '0.9'], null],
  ])('is %s', (_, version, known, expected) => {
    const results = known.map((one) => result(one));
    expect(predecessorOf(version, results, NPM_INPUTS)?.version ?? null).toBe(expected);
  });
});

describe('an alarm', () => {
  test.each([
    ['a divergence of the first version', diverged, null, 'new-diverged'],
    ['a divergence after a reproduced version', diverged, result('1.0.0'), 'upgrade-diverged'],
    ['a divergence after a divergence', diverged, result('1.0.0', 'diverged'), 'new-diverged'],
    [
      'no source after a reproduced version',
      because('source-not-found'),
      result('1.0.0'),
      'upgrade-not-reproduced',
    ],
    ['no source after none', because('source-not-found'), result('1.0.0', 'unverifiable'), null],
    ['no source when nothing is known', because('build-failed'), null, null],
    ['a reproduced version', reproduced, result('1.0.0', 'diverged'), null],
  ])('of %s', (_, document, predecessor, kind) => {
    expect(alarmOf(sighting, document, predecessor)?.kind ?? null).toBe(kind);
  });

  test('is as severe as what was found', () => {
    const critical = { ...diverged, severity: 'critical' } as const;
    expect(alarmOf(sighting, critical, null)?.severity).toBe('critical');
    expect(alarmOf(sighting, { ...diverged, severity: 'low' }, null)?.severity).toBe('high');
  });
});

describe('a result that comes too early', () => {
  const at = (document: ResultDocument, seconds: number, more: Partial<Sighting> = {}) =>
    tooEarly({ ...sighting, ...more }, document, {
      settleMs: 60_000,
      now: new Date(Date.parse(SEEN_AT) + seconds * 1000),
    });
  const fromCommit = (kind: string): ResultDocument => ({
    ...diverged,
    source: {
      repository: 'https://git.example/owner/a',
      commit: '0'.repeat(40),
      ref: null,
      directory: '.',
      evidence: [{ kind, detail: '' }],
      tree: null,
    },
  });

  test.each([
    ['no tag', because('source-not-found')],
    ['no archive', because('artifact-missing')],
    ['no package that was published with it', because('fetch-failed')],
    ['a divergence from the commit that sets the version', fromCommit('version-commit')],
  ])('is one with %s, for a while', (_, document) => {
    expect([at(document, 59) === null, at(document, 60)]).toEqual([false, null]);
    // Nobody waits for the tag of what was there before.
    expect(at(document, 1, { kind: 'listed' })).toBeNull();
  });

  test.each([
    ['a verdict', reproduced],
    ['a divergence from a tag', fromCommit('tag')],
    ['a build that failed', because('build-failed')],
    ['a digest that is another', because('integrity-mismatch')],
  ])('is none with %s', (_, document) => {
    expect(at(document, 1)).toBeNull();
  });

  test('is none for a version that a wrong clock saw in the future', () => {
    expect(at(because('source-not-found'), -24 * 3600)).toBeNull();
    expect(at(because('source-not-found'), -10)).not.toBeNull();
  });
});
