import { describe, expect, it } from 'vitest';
import type { Difference } from '../../../src/model/comparison.ts';
import type { RebuildPlan } from '../../../src/model/plan.ts';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { PlanRequest } from '../../../src/ecosystem.ts';
import { difference, FACTS, PLAN, REQUEST, revise, WITH_CONTENT } from '../../support/revising.ts';

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

describe('built files of a package without a lockfile', () => {
  const resolved: RebuildPlan = { ...PLAN, evidence: [{ kind: 'resolution', detail: '' }] };
  const manifestOf = (dependencies: object, version = '1.0.0') =>
    JSON.stringify({ name: 'pkg', version, dependencies });
  const NOW = { a: '^2.0.0' };
  /** Times of the registry in the plans that come at last; of manifests and the days on which they came to be, newest first. */
  const times = async (history: readonly (readonly [string, string | null])[], plan = resolved) => {
    const request: PlanRequest = {
      ...REQUEST,
      readText: () => Promise.resolve(manifestOf(NOW)),
      historyOf: (file) =>
        Promise.resolve(
          history.map(([day, text]) => ({
            committedAt: `${day}T10:00:00+02:00`,
            text: () => Promise.resolve(file === 'package.json' ? text : null),
          })),
        ),
    };
    const { last } = await revisedPlans({ ...FACTS, request, plan, went: WITH_CONTENT });
    const all = last.filter(({ evidence }) => evidence.at(-1)?.detail.includes('came to name') === true);
    return all.map(({ registryTime }) => registryTime);
  };

  it('are built with what there was when its manifest came to name what it does', async () => {
    const history = [
      ['2023-12-30', manifestOf(NOW)],
      ['2023-06-01', manifestOf(NOW, '0.9.0')],
      ['2023-05-01', manifestOf({ a: '^1.0.0' })],
      ['2023-04-01', manifestOf(NOW)],
    ] as const;
    expect(await times(history)).toEqual(['2023-06-01T08:00:00.000Z']);
    expect(await times(history, PLAN)).toEqual([]);
  });

  it.each([true, false])('which is a guess where the registry hides versions: %s', async (hidesVersions) => {
    const { last } = await revisedPlans({
      ...FACTS,
      hidesVersions,
      request: REQUEST,
      plan: resolved,
      went: WITH_CONTENT,
    });
    const [earlier] = last.filter(
      ({ evidence }) => evidence.at(-1)?.detail.endsWith('a month earlier') === true,
    );
    expect(earlier?.conclusive).toBe(!hidesVersions);
  });

  it.each([
    ['it has always named that', [['2023-06-01', manifestOf(NOW)]], ['2023-06-01T08:00:00.000Z']],
    [
      'a manifest before it cannot be read',
      [
        ['2023-06-01', manifestOf(NOW)],
        ['2023-05-01', '{'],
      ],
      ['2023-06-01T08:00:00.000Z'],
    ],
    ['it has named that for less than a day', [['2024-01-01', manifestOf(NOW)]], []],
    ['the history is not to be had', [], []],
    ['the date is none', [['of no calendar', manifestOf(NOW)]], []],
  ] as const)('so where %s', async (_what, history, expected) => {
    expect(await times(history)).toEqual(expected);
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
