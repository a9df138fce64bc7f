/**
 * The attack suite (`./run attacks`): replays every attack of docs/attacks.md and prints, for each and for each package
 * that it was tried on, what was expected and what came out. It fails when one came out otherwise, when a test of an attack
 * fails, and when a row was not tried at all. With arguments, which go to the runner, only what they choose is tried.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS } from '../test/support/attack-rows.ts';
import { attacksOf, tableOf } from './attack-table.ts';
import { closingLine, countCases } from './test-report.ts';

const ROOT = join(import.meta.dirname, '..');
const REPORT = join(ROOT, 'attack-results.json');

rmSync(REPORT, { force: true });
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${REPORT}`];
const filters = process.argv.slice(2);
const isWhole = filters.length === 0;
const args = [vitest, 'run', ...reporters, ...(isWhole ? ['test/attacks'] : filters)];
const runner = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 'inherit'] });
const report = readFileSync(REPORT, 'utf8');
const { lines, missing, failed } = tableOf(attacksOf(report), ROWS);
console.log(lines.join('\n'));
const counts = countCases(report);
console.log(`\nall tests of attacks: ${closingLine(counts)}`);
if (isWhole && missing.length > 0) console.log(`not tried: ${missing.join(', ')}`);
const isGood = runner.status === 0 && failed === 0 && counts.failed === 0 && counts.passed > 0;
process.exitCode = isGood && (!isWhole || missing.length === 0) ? 0 : 1;
