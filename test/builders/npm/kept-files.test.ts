import { expect, it } from 'vitest';
import type { Difference } from '../../../src/model/comparison.ts';
import { commands, difference, PLAN, revise } from '../../support/revising.ts';

const ofCommit = (path: string): Difference => ({
  ...difference('content', path, ['a', 'b']),
  inCommit: true,
});
const keeping = async (differences: readonly Difference[], plan = PLAN) => {
  const { next } = await revise({ kind: 'differed', differences }, plan);
  return next.flatMap((one) => commands(one).filter((command) => command.startsWith('git checkout')));
};

it('files that a build changes and that were published as the commit has them are kept', async () => {
  const added = difference('added', 'dist/b.js', ['a', '']);
  expect(await keeping([ofCommit('dist/a.js'), ofCommit('c.js'), added])).toEqual([
    'git checkout HEAD -- dist/a.js c.js',
  ]);
});

it.each([
  [
    'another changed file is not in the commit',
    [ofCommit('a.js'), difference('content', 'b.js', ['a', 'b'])],
    PLAN,
  ],
  ['none is changed', [difference('added', 'dist/b.js', ['a', ''])], PLAN],
  ['the rebuild has no repository', [ofCommit('a.js')], { ...PLAN, withGit: false }],
])('they are not where %s', async (_what, differences, plan) => {
  expect(await keeping(differences, plan)).toEqual([]);
});
