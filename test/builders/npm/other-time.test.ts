import { describe, expect, it } from 'vitest';
import type { Difference } from '../../../src/model/comparison.ts';
import { difference, PLAN, revise, WITH_CONTENT } from '../../support/revising.ts';

const clocks = async (...differences: readonly Difference[]) => {
  const { next } = await revise({ kind: 'differed', differences });
  return next.map(({ clock }) => clock).filter((clock) => clock !== PLAN.clock);
};

// The clock of the plan stands at 2024-01-01T00:00:00.000Z.
const dated = (published: string, rebuilt = '2024-01-01', path = 'dist/a.js') =>
  difference('content', path, [`/*! ${published} */\na();`, `/*! ${rebuilt} */\na();`]);

describe('built files that name another day than the rebuild', () => {
  it.each([
    ['2023-12-30', '2024-01-01'],
    ['Sat Dec 30 2023', 'Mon Jan 01 2024'],
    ['2023-12-30T23:50:00.000Z', '2024-01-01T00:00:07.000Z'],
    ['30 Dec 2023', '1 Jan 2024'],
    ['Sat, 30 Dec 2023 23:50:00 -0400', 'Mon, 01 Jan 2024 00:00:07 +0000'],
  ])('are built on that: %s', async (published, rebuilt) => {
    const day = published.endsWith('-0400') ? '2023-12-31' : '2023-12-30';
    expect(await clocks(dated(published, rebuilt))).toEqual([`${day}T12:00:00.000Z`]);
  });

  it.each([
    ['the rebuilt file names another day than that of the rebuild', [dated('2023-12-30', '2023-12-29')]],
    [
      'more of the file differs',
      [difference('content', 'a.js', ['/* 2023-12-30 */ b', '/* 2024-01-01 */ c'])],
    ],
    ['the days differ', [dated('2023-12-30'), dated('2023-12-29', '2024-01-01', 'b.js')]],
    ['it is years away', [dated('2020-12-30')]],
    ['it is no day', [dated('2023-02-99')]],
    ['nothing is dated', [difference('content', 'a.js', ['b', 'c'])]],
    ['the file is missing', [difference('added', 'a.js', ['2023-12-30', ''])]],
  ])('are not where %s', async (_what, differences) => {
    expect(await clocks(...differences)).toEqual([]);
  });
});

describe('what is left when a difference has changed the plan', () => {
  const revised = { kind: 'revised-by-difference', detail: '' };
  const permissions = {
    kind: 'differed',
    differences: [difference('mode', 'bin/cli.js', ['', ''], [0o644, 0o755])],
  } as const;

  it('may be permissions, once', async () => {
    const { next, last } = await revise(permissions, { ...PLAN, evidence: [revised] });
    expect(next.map(({ steps }) => steps.at(-2)?.name)).toEqual(['chmod a-x']);
    expect(last).toEqual([]);
    expect(await revise(permissions, { ...PLAN, evidence: [revised, revised] })).toEqual({
      next: [],
      last: [],
    });
  });

  it('and nothing else', async () => {
    expect(await revise(WITH_CONTENT, { ...PLAN, evidence: [revised] })).toEqual({ next: [], last: [] });
  });
});
