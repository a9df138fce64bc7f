import { describe, expect, it } from 'vitest';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { Difference } from '../../../src/model/comparison.ts';
import { difference, FACTS, MANIFEST, PLAN, REQUEST } from '../../support/revising.ts';

const SCRIPTS = {
  ...MANIFEST.scripts,
  bench: 'tsc bench.ts && node bench.js',
  docs: 'typedoc',
  'docs:serve': 'serve',
  'docs:publish': 'gh-pages',
};

/** The commands that changed plans add. */
const after = async (...differences: readonly Difference[]) => {
  const text = JSON.stringify({ ...MANIFEST, scripts: SCRIPTS });
  const request = { ...REQUEST, readText: () => Promise.resolve(text) };
  const { next, last } = await revisedPlans({
    ...FACTS,
    request,
    plan: PLAN,
    went: { kind: 'differed', differences },
  });
  return [...next, ...last].flatMap(({ steps }) => {
    const added = steps.filter(({ optional }) => optional).map(({ argv }) => argv.join(' '));
    return added.length === 0 ? [] : [added];
  });
};

describe('scripts beside the build', () => {
  it('are run where files are missing, those that make some', async () => {
    expect(await after(difference('content', 'index.js', ['1', '2']), difference('added', 'a.js'))).toEqual([
      ['npm run build:types'],
    ]);
  });

  it('are run for a while where they name the source of a missing file', async () => {
    const added = await after(difference('content', 'index.js', ['1', '2']), difference('added', 'bench.js'));
    expect(added).toEqual([['npm run build:types', 'timeout --kill-after=5 60 npm run bench']]);
  });

  it.each(['content', 'added'] as const)(
    'that write documents are run where those differ: %s',
    async (kind) => {
      expect(await after(difference(kind, 'README.md', ['1', '2']))).toContainEqual(['npm run docs']);
    },
  );

  it('are not where programs differ, too', async () => {
    const [readme, program] = [
      difference('added', 'README.md'),
      difference('content', 'index.js', ['1', '2']),
    ];
    expect(await after(readme, program)).not.toContainEqual(['npm run docs']);
  });
});
