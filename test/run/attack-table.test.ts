import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { attacksOf, tableOf } from '../../scripts/attack-table.ts';
import { ROWS } from '../support/attack-rows.ts';

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
