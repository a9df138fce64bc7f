import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

/** A small project with this suite, the real runner, and checks that do as they are told. */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'reprove-suite-'));
  cpSync(path.join(ROOT, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  mkdirSync(path.join(folder, 'test'));
  checks({});
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function checks(changed: Readonly<Record<string, string>>): void {
  const scripts = { types: 'true', lint: 'true', 'format:check': 'true', dead: 'true', ...changed };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts }));
}

function testFile(name: string, body: string): void {
  writeFileSync(path.join(folder, 'test', name), `import { expect, it } from 'vitest';\n${body}\n`);
}

function suite(...args: readonly string[]): { status: number | null; last: string; stdout: string } {
  const script = path.join(folder, 'scripts/suite.ts');
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  return { status, stdout, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

const PASSES = 'it("a", () => expect(1).toBe(1)); it("b", () => expect(1).toBe(1));';

test('when all is well the last line counts the cases', () => {
  testFile('a.test.ts', PASSES);
  const { status, last, stdout } = suite();
  expect({ status, last }).toEqual({ status: 0, last: '2 passed, 0 failed' });
  expect(stdout).toContain('checks: types ok, lint ok, format:check ok, dead ok\n');
});

test('a failed case fails the suite', () => {
  testFile('a.test.ts', PASSES);
  testFile('b.test.ts', 'it("c", () => expect(1).toBe(2)); it.skip("d", () => {});');
  expect(suite()).toMatchObject({ status: 1, last: '2 passed, 1 failed, 1 skipped' });
});

test('a file that cannot be loaded fails the suite', () => {
  testFile('a.test.ts', PASSES);
  testFile('b.test.ts', "import './absent.ts';");
  expect(suite()).toMatchObject({ status: 1, last: '2 passed, 1 failed' });
});

test('a failed check fails the suite, and the tests run all the same', () => {
  testFile('a.test.ts', PASSES);
  checks({ lint: 'false' });
  const { status, last, stdout } = suite();
  expect({ status, last }).toEqual({ status: 1, last: '2 passed, 0 failed' });
  expect(stdout).toContain('checks: types ok, lint FAILED, format:check ok, dead ok\n');
});

test('a suite that ran nothing fails', () => {
  expect(suite()).toMatchObject({ status: 1, last: '0 passed, 0 failed' });
});

test('filters choose tests and leave the checks out', () => {
  testFile('a.test.ts', PASSES);
  testFile('b.test.ts', 'it("c", () => expect(1).toBe(2));');
  checks({ lint: 'false' });
  expect(suite('test/a.test.ts', '-t', 'b')).toMatchObject({
    status: 0,
    last: '1 passed, 0 failed, 1 skipped',
  });
});

test("the report of an earlier run is not taken for this one's", () => {
  testFile('a.test.ts', PASSES);
  suite();
  expect(suite('--no-such-flag')).toMatchObject({ status: 1, last: '0 passed, 0 failed' });
});
