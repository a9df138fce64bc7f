import { expect, it } from 'vitest';
import { timeOf } from '../src/step-time.ts';

const MINUTE = 60_000;

it.each([
  ['fetch', 60, 20],
  ['build', 60, 45],
  ['pack', 60, 60],
  ['fetch', 6, 3],
  ['build', 2, 2],
] as const)('a step of the phase %s with %i minutes left has %i of them', (phase, left, expected) => {
  expect(timeOf(phase, left * MINUTE)).toBe(expected * MINUTE);
});
