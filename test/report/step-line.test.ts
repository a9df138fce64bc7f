import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { stepLine } from '../../src/report/step-line.ts';

const STEP = { argv: ['npm', 'pack'], cwd: '/work/source', env: {}, optional: false };

test('a step is shown as one would type it, where it runs', () => {
  expect(stepLine(STEP)).toBe('source $ npm pack');
  expect(stepLine({ ...STEP, cwd: '/work/source/packages/x', optional: true })).toBe(
    'source/packages/x $ npm pack  # may fail',
  );
});

test('variables that every step has are left out, unless they have another value here', () => {
  const step = { ...STEP, env: { CI: 'true', PATH: '/evil', NODE_OPTIONS: '--require ./x.js' } };
  expect(stepLine(step, { CI: 'true', PATH: '/usr/bin' })).toBe(
    "source $ PATH=/evil NODE_OPTIONS='--require ./x.js' npm pack",
  );
});

test('the forwarder to the registry is left out', () => {
  const argv = ['node', '/opt/forwarder/forward.js', 'npm', 'ci'];
  expect(stepLine({ ...STEP, argv })).toBe('source $ npm ci');
  expect(stepLine({ ...STEP, argv: ['./evil', ...argv.slice(1)] })).toContain('./evil');
});

test('what follows the prompt means the same words to a shell', () => {
  const words = ['a b', "it's", '', '$(x)', '`x`', 'a\nb\tc', '\\', "'\n'", '*', '~', '--x=1', ';', '"', '#'];
  const line = stepLine({ ...STEP, argv: ['printf', String.raw`%s\0`, ...words] });
  expect(line).not.toContain('\n');
  const printed = execFileSync('bash', ['-c', line.replace('source $ ', '')], { encoding: 'utf8' });
  expect(printed.split('\0').slice(0, -1)).toEqual(words);
});

test('no control character reaches a terminal, and no endless command', () => {
  const line = stepLine({ ...STEP, argv: ['echo', '\u001b[2J\u202e', 'x'.repeat(100_000)] });
  expect(line).not.toMatch(/[\u001b\u202e]/);
  expect(line.length).toBeLessThan(1400);
  expect(line).toContain('characters; --json has them all)');
});
