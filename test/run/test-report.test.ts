import { describe, expect, test } from 'vitest';
import { closingLine, countCases } from '../../scripts/test-report.ts';

/** A report as vitest writes it, less what is not read. */
function report(files: readonly { readonly status: string; readonly cases: readonly string[] }[]): string {
  const cases = files.flatMap((file) => file.cases);
  const count = (status: string): number => cases.filter((one) => one === status).length;
  return JSON.stringify({
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    testResults: files.map(({ status, cases: all }) => ({
      status,
      assertionResults: all.map((one) => ({ status: one })),
    })),
  });
}

describe('countCases', () => {
  test('counts cases by outcome', () => {
    const json = report([
      { status: 'failed', cases: ['passed', 'failed', 'pending'] },
      { status: 'passed', cases: ['passed', 'todo'] },
    ]);
    expect(countCases(json)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  test('a file that could not be loaded is a failure', () => {
    const json = report([
      { status: 'failed', cases: [] },
      { status: 'passed', cases: ['passed'] },
    ]);
    expect(countCases(json)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test('a file whose hook threw is a failure, not only skipped cases', () => {
    expect(countCases(report([{ status: 'failed', cases: ['pending', 'pending'] }]))).toMatchObject({
      failed: 1,
    });
  });

  test.each(['', '{}', 'null', '{"numPassedTests": "3"}'])('what is no report is refused: %s', (json) => {
    expect(() => countCases(json)).toThrow();
  });
});

test('the closing line names skipped cases only where there are some', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
  expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
});
