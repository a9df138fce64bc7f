/**
 * The whole suite (`./run test`): static checks, then the tests. With arguments only the tests, with the arguments
 * handed to vitest. The last line counts the test cases as the runner's JSON report has them; a check that fails
 * makes the exit code non-zero and is named on the line before.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closingLine, countCases } from './test-report.ts';
import type { Counts } from './test-report.ts';

const ROOT = join(import.meta.dirname, '..');
const REPORT = join(ROOT, 'test-results.json');
/** Scripts of package.json, the quickest first. */
const CHECKS = ['types', 'lint', 'format:check', 'dead'] as const;

function succeeds(args: readonly string[]): boolean {
  return (
    spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  );
}

function failedChecks(): readonly string[] {
  return CHECKS.filter((check) => {
    console.log(`\n== ${check}`);
    return !succeeds(['--run', check]);
  });
}

function runTests(args: readonly string[]): { readonly success: boolean; readonly counts: Counts } {
  rmSync(REPORT, { force: true });
  console.log('\n== tests');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const success = succeeds([vitest, 'run', ...reporters, ...args]);
  return { success, counts: readCounts() };
}

function readCounts(): Counts {
  try {
    return countCases(readFileSync(REPORT, 'utf8'));
  } catch (error) {
    console.error(`The runner left no report to count: ${String(error)}`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const filters = process.argv.slice(2);
const failed = filters.length > 0 ? [] : failedChecks();
const { success, counts } = runTests(filters);
if (filters.length === 0) {
  console.log(
    `\nchecks: ${CHECKS.map((check) => `${check} ${failed.includes(check) ? 'FAILED' : 'ok'}`).join(', ')}`,
  );
}
console.log(closingLine(counts));
process.exitCode = success && failed.length === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1;
