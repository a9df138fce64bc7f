import { readFileSync } from 'node:fs';
import { describe, expect, test, type TestContext } from 'vitest';
import { attacksOf, tableOf } from '../../scripts/attack-table.ts';
import { ROWS } from '../support/attack-rows.ts';
import { type Expected, expectOutcome, type Outcome } from '../support/attack-suite.ts';

const ROW = { 1: 'A file', 2: 'A script' };
const tried = (change: object = {}) => ({
  row: 1,
  attack: 'a.js',
  on: 'plain',
  expected: 'diverged: file-added high a.js',
  came: 'diverged: file-added high a.js',
  passed: true,
  ...change,
});

describe('the table of attacks', () => {
  test('has a line for packages of which the same is to be said, and counts', () => {
    const { lines, failed, missing } = tableOf([tried(), tried({ on: 'minified' }), tried({ row: 2 })], ROW);
    expect(lines.slice(0, 5)).toEqual([
      '1. A file',
      '   a.js',
      '     ok     on plain, minified',
      '            expected  diverged: file-added high a.js',
      '            came out  diverged: file-added high a.js',
    ]);
    expect(lines.at(-1)).toBe('2 attacks, tried 3 times: 3 as expected, 0 not');
    expect([failed, missing]).toEqual([0, []]);
  });

  test('shows what came out otherwise', () => {
    const { lines, failed } = tableOf(
      [tried(), tried({ on: 'minified', came: 'reproduced', passed: false })],
      ROW,
    );
    expect(lines).toContain('     FAILED on minified');
    expect(lines).toContain('            came out  reproduced');
    expect(failed).toBe(1);
  });

  test('names rows that were not tried', () => {
    expect(tableOf([tried()], ROW).missing).toEqual(['2 A script']);
  });
});

describe('an attack whose outcome is not the expected one fails', () => {
  const expected: Expected = {
    verdict: 'diverged',
    found: [['file-added', 'high', 'a.js']],
    signals: ['commit-on-no-branch'],
  };
  const finding = { kind: 'file-added', severity: 'high', path: 'a.js', message: '', evidence: {} } as const;
  const came: Outcome = {
    verdict: 'diverged',
    level: null,
    severity: 'high',
    reason: null,
    findings: [finding],
    signals: [{ kind: 'commit-on-no-branch', severity: 'high', message: '' }],
    normalizers: [],
  };
  const noted = (outcome: Outcome | null, wanted: Expected = expected) => {
    const task = { meta: {} } as TestContext['task'];
    const attempt = { row: 2, attack: 'a', on: 'plain', expected: wanted, came: outcome } as const;
    let failed = false;
    try {
      expectOutcome({ task }, attempt);
    } catch {
      failed = true;
    }
    return { failed, came: task.meta.attack?.came };
  };

  test('(the expected one does not)', () => {
    expect(noted(came)).toEqual({
      failed: false,
      came: 'diverged: file-added high a.js, signal commit-on-no-branch',
    });
  });

  test.each<[string, Outcome | null, Expected?]>([
    ['a weaker verdict', { ...came, verdict: 'unverifiable' }],
    ['a path that is not named', { ...came, findings: [{ ...finding, path: 'b.js' }] }],
    ['a milder finding', { ...came, findings: [{ ...finding, severity: 'medium' }] }],
    ['a signal less', { ...came, signals: [] }],
    ['a signal where none may be', came, { ...expected, signals: [] }],
    ['another severity', came, { ...expected, severity: 'low' }],
    ['another level', came, { ...expected, level: 'bytes' }],
    ['another reason', came, { ...expected, reason: 'timed-out' }],
    ['a normalizer that is not named', came, { ...expected, ignored: ['line-ends'] }],
    ['a refusal', null],
    ['a high finding of what is reproduced', { ...came, verdict: 'reproduced' }, { verdict: 'reproduced' }],
  ])('%s', (_what, outcome, wanted) => {
    expect(noted(outcome, wanted).failed).toBe(true);
  });
});

test('notes of tests are read from the report of the runner', () => {
  const { passed: _, ...attack } = tried();
  const assertionResults = [
    { status: 'passed', meta: { attack } },
    { status: 'failed', meta: { attack } },
    { status: 'passed', meta: {} },
  ];
  const report = JSON.stringify({ testResults: [{ assertionResults }] });
  expect(attacksOf(report)).toEqual([tried(), tried({ passed: false })]);
  expect(() => attacksOf('{}')).toThrow();
});

test('the page of the attacks has every row', () => {
  const page = readFileSync(new URL('../../docs/attacks.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (\d+) +\| (.*?) +\|/gm)].map(([, number, title]) => [number, title]);
  expect(rows).toEqual(Object.entries(ROWS));
});
