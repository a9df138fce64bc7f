import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReproveError } from '../../src/errors.ts';
import { LEVELS } from '../../src/model/comparison.ts';
import { withPolicy } from '../../src/policy/apply.ts';
import { evaluatePolicy, type Judged } from '../../src/policy/evaluate.ts';
import { nearest } from '../../src/policy/nearest.ts';
import { parsePolicy } from '../../src/policy/parse.ts';
import { policyJsonSchema, RULES } from '../../src/policy/schema.ts';
import { SEVERITIES } from '../../src/model/verdict.ts';
import { exitCodeOfResult } from '../../src/report/exit-code.ts';
import { DOCUMENTS } from '../support/attestations.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
const GOOD: Judged = {
  name: '@scope/name',
  version: '1.0.0',
  verdict: 'reproduced',
  level: 'bytes',
  normalizers: [],
  findings: [],
  signals: [],
};

const policy = (more: object = {}) =>
  parsePolicy(JSON.stringify({ version: 1, level: 'contents', ...more }), 'policy.json');

/** The rules that do not hold. */
function failing(judged: Partial<Judged>, more: object = {}): readonly string[] {
  const { passed, rules } = evaluatePolicy(policy(more), { ...GOOD, ...judged }, NOW);
  const failed = rules.filter(({ state }) => state === 'fails').map(({ rule }) => rule);
  expect(passed).toBe(failed.length === 0);
  return failed;
}

describe('a rule', () => {
  it('is kept by what is good', () => {
    expect(failing({})).toEqual([]);
  });

  it.each(['diverged', 'unverifiable'] as const)('of the verdict is not kept by %s', (verdict) => {
    expect(failing({ verdict, level: null })).toEqual(['verdict', 'level']);
  });

  it('of the level is kept by that level and those above it', () => {
    const kept = LEVELS.filter((level) => failing({ level }, { level: 'tar' }).length === 0);
    expect(kept).toEqual(['tar', 'bytes']);
  });

  it('of normalizers is kept only by those that are allowed', () => {
    const normalizers = ['line-ends', 'comment-dates'];
    expect(failing({ normalizers })).toEqual(['normalizers']);
    expect(failing({ normalizers }, { normalizers: ['line-ends'] })).toEqual(['normalizers']);
    expect(failing({ normalizers }, { normalizers })).toEqual([]);
  });

  it('of findings goes by severity, but for kinds that are let pass', () => {
    const findings = [{ kind: 'file-added', severity: 'low' }] as const;
    expect(failing({ findings })).toEqual(['findings']);
    expect(failing({ findings: [{ kind: 'wrapping-differs', severity: 'info' }] })).toEqual([]);
    expect(failing({ findings }, { findings: { failOn: 'medium' } })).toEqual([]);
    expect(failing({ findings }, { findings: { failOn: 'info', allow: ['file-added'] } })).toEqual([]);
  });

  it('of signals goes by severity and by kind', () => {
    const signals = [{ kind: 'published-recently', severity: 'info' }] as const;
    expect(failing({ signals })).toEqual([]);
    expect(failing({ signals }, { signals: { failOn: 'high', fail: ['published-recently'] } })).toEqual([
      'signals',
    ]);
    const moved = [{ kind: 'tag-moved', severity: 'high' }] as const;
    expect(failing({ signals: moved })).toEqual(['signals']);
  });

  it('of a kind that a later version may know goes by its severity', () => {
    expect(failing({ signals: [{ kind: 'not-known-yet', severity: 'critical' }] })).toEqual(['signals']);
  });
});

describe('an exception', () => {
  const bad = { verdict: 'diverged', level: null } as const;
  const excepted = (more: object) =>
    failing(bad, {
      exceptions: [
        { package: '*', rules: ['verdict', 'level'], reason: 'known', expires: '2026-06-15', ...more },
      ],
    });

  it('does without its rules until the end of its day', () => {
    expect(excepted({})).toEqual([]);
    expect(excepted({ expires: '2026-06-14' })).toEqual(['verdict', 'level']);
    expect(excepted({ rules: ['level'] })).toEqual(['verdict']);
  });

  it.each([
    ['@scope/name', true],
    ['@scope/*', true],
    ['@scop/*', false],
    ['name', false],
    ['@scope/names', false],
  ])('for %s', (pattern, counts) => {
    expect(excepted({ package: pattern })).toEqual(counts ? [] : ['verdict', 'level']);
  });

  it('for one version counts for that one', () => {
    expect(excepted({ version: '1.0.0' })).toEqual([]);
    expect(excepted({ version: '1.0.1' })).toEqual(['verdict', 'level']);
  });
});

it('nothing but an exception lets a verdict other than reproduced pass', () => {
  const kinds = fc.array(fc.record({ kind: fc.string(), severity: fc.constantFrom(...SEVERITIES) }));
  const judged = fc.record({
    verdict: fc.constantFrom('diverged' as const, 'unverifiable' as const),
    level: fc.constantFrom(null, ...LEVELS),
    findings: kinds,
    signals: kinds,
  });
  const lax = {
    level: 'normalized',
    findings: { failOn: 'critical' },
    signals: { failOn: 'critical' },
    exceptions: RULES.filter((rule) => rule !== 'verdict').map((rule) => ({
      package: '*',
      rules: [rule],
      reason: 'all of them',
      expires: '2999-12-31',
    })),
  };
  fc.assert(fc.property(judged, (one) => failing(one, lax).includes('verdict')));
});

it('decides the exit code alone', () => {
  const stated = (more: object) => ({ policy: policy(more), sha256: 'a'.repeat(64) });
  const code = (document: (typeof DOCUMENTS)[keyof typeof DOCUMENTS], more: object = {}) =>
    exitCodeOfResult(withPolicy(document, stated(more), NOW), { failOn: 'critical' });
  expect(code(DOCUMENTS.reproduced)).toBe(0);
  expect(code(DOCUMENTS.reproduced, { signals: { failOn: 'info' } })).toBe(1);
  expect(code(DOCUMENTS.diverged)).toBe(1);
  expect(code(DOCUMENTS.unverifiable)).toBe(3);
});

describe('a policy is refused as a whole', () => {
  const EXCEPTION = { package: 'x', rules: ['level'], reason: 'known', expires: '2026-12-31' };
  it.each([
    ['a field that is mistyped', { levle: 'tar' }, 'there is no field "levle"; did you mean "level"?'],
    ['a field within', { findings: { failon: 'high' } }, 'did you mean "failOn"?'],
    ['a field like no other', { zzzzzzzz: 1 }, 'there is no field "zzzzzzzz"'],
    ['a level that is mistyped', { level: 'byte' }, '"byte" is not known; did you mean "bytes"?'],
    [
      'a kind that is mistyped',
      { signals: { failOn: 'high', fail: ['tag-move'] } },
      'did you mean "tag-moved"?',
    ],
    ['a normalizer that is mistyped', { normalizers: ['line-end'] }, 'did you mean "line-ends"?'],
    ['another version', { version: 2 }, 'version'],
    ['no level', { level: undefined }, 'level'],
    ['signers of nobody', { signers: [] }, 'signers'],
    ['a signer without an issuer', { signers: [{ identity: 'me' }] }, 'signers'],
    ['an exception without a reason', { exceptions: [{ ...EXCEPTION, reason: ' ' }] }, 'must say why'],
    ['an exception without an end', { exceptions: [{ ...EXCEPTION, expires: undefined }] }, 'expires'],
    ['an exception with no date for an end', { exceptions: [{ ...EXCEPTION, expires: 'never' }] }, 'expires'],
    ['an exception for nothing', { exceptions: [{ ...EXCEPTION, rules: [] }] }, 'rules'],
    ['an age without a unit', { maxAge: '90' }, 'maxAge'],
  ])('%s', (_, more, why) => {
    expect(refusal(JSON.stringify({ version: 1, level: 'tar', ...more }))).toContain(why);
  });

  it('a name that is there twice, of which readers take either', () => {
    expect(refusal('{"version":1,"level":"bytes","level":"normalized"}')).toContain('"level" twice');
  });

  it.each(['', '{', '[]', 'null', '"version"'])('%j', (text) => {
    expect(refusal(text)).not.toBe('');
  });

  it('YAML says the same; keys that are there twice and aliases are refused', () => {
    const yaml =
      'version: 1\nlevel: tar\nexceptions:\n  - package: x\n    rules: [level]\n    reason: known\n    expires: 2026-12-31\n';
    expect(parsePolicy(yaml, 'policy.yaml').exceptions[0]?.expires).toBe('2026-12-31');
    expect(refusal(`${yaml}level: bytes\n`, 'policy.yml')).toContain('unique');
    expect(refusal('version: &a 1\nlevel: *a\n', 'policy.yml')).not.toBe('');
  });

  function refusal(text: string, file = 'policy.json'): string {
    try {
      parsePolicy(text, file);
    } catch (error) {
      expect(error).toBeInstanceOf(ReproveError);
      expect((error as ReproveError).code).toBe('usage');
      return (error as ReproveError).text.why;
    }
    throw new Error('It was taken.');
  }
});

it('the nearest name is none when none is near', () => {
  expect(nearest('signer', ['signers', 'signals'])).toBe('signers');
  expect(nearest('weather', ['signers', 'signals'])).toBeNull();
});

it('docs/policy.schema.json is what is checked', async () => {
  const file = path.join(import.meta.dirname, '../../docs/policy.schema.json');
  await expect(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
});
