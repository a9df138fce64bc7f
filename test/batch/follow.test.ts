import { expect, test } from 'vitest';
import { pauseAfter } from '../../src/batch/follow.ts';

test.each([
  ['a look that takes no time', 1, 500],
  ['one over many jobs', 400, 8_000],
  ['one that waited a minute for the database', 60_000, 30_000],
])(
  '%s is followed by a pause that leaves the database alone, and no longer than that needs',
  (_, tookMs, pauseMs) => {
    expect(pauseAfter(tookMs)).toBe(pauseMs);
  },
);
