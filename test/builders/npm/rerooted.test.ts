import { describe, expect, it } from 'vitest';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { PlanRequest } from '../../../src/ecosystem.ts';
import { publishedOf, sourceOf } from '../../support/artifacts.ts';
import { commands, difference, FACTS, MANIFEST, PLAN, REQUEST } from '../../support/revising.ts';
import { npmTarball } from '../../support/tarball.ts';

const COMMITTED = { ...MANIFEST, main: 'lib/index.js', release: { x: 1 } };

interface Situation {
  readonly committed?: object;
  readonly published?: object;
  readonly tree?: Readonly<Record<string, string>>;
  readonly added?: readonly string[];
  readonly missing?: readonly (readonly [path: string, sha256: string])[];
}

/** The words of the step that makes a folder a package; null when there is none. */
async function rerooting(situation: Situation = {}): Promise<string | null> {
  const {
    committed = COMMITTED,
    published = { name: 'pkg', version: '1.0.1', main: 'index.js', release: {} },
  } = situation;
  const { added = ['index.js'], missing = [['lib/index.js', 'same']], tree = {} } = situation;
  const text = JSON.stringify(committed);
  const request: PlanRequest = {
    ...REQUEST,
    published: publishedOf(
      npmTarball({ 'package.json': JSON.stringify(published), 'index.js': '' }),
      '1.0.1',
    ),
    source: sourceOf({ 'package.json': text, ...tree }),
    readText: () => Promise.resolve(text),
  };
  const withDigest = (one: ReturnType<typeof difference>, sha256: string) => ({
    ...one,
    published: one.kind === 'missing' || one.published === null ? null : { ...one.published, sha256 },
    rebuilt: one.rebuilt === null ? null : { ...one.rebuilt, sha256 },
  });
  const differences = [
    ...added.map((path) => withDigest(difference('added', path), 'same')),
    ...missing.map(([path, sha256]) => withDigest(difference('missing', path), sha256)),
    difference('content', 'package.json', ['1', '2']),
  ];
  const { next } = await revisedPlans({
    request,
    plan: PLAN,
    went: { kind: 'differed', differences },
    ...FACTS,
  });
  const words = next.flatMap(commands).find((one) => one.includes('/reroot.cjs '));
  return words ?? null;
}

describe('a package that was published from the folder of its build', () => {
  it('is made there, without what the published manifest lacks', async () => {
    expect(await rerooting()).toBe('node /opt/inside/reroot.cjs lib scripts,devDependencies');
  });

  it.each<[string, Situation]>([
    ['a file is missing that was built nowhere', { added: ['index.js', 'evil.js'] }],
    ['a file has other bytes', { missing: [['lib/index.js', 'other']] }],
    [
      'its files were built in two folders',
      {
        added: ['index.js', 'b.js'],
        missing: [
          ['lib/index.js', 'same'],
          ['src/b.js', 'same'],
        ],
      },
    ],
    ['the commit has the folder, a fixture for example', { tree: { 'lib/other.js': '' } }],
    ['no entry point leads into the folder', { committed: { ...COMMITTED, main: 'index.js' } }],
    [
      'the published manifest lacks what installs follow',
      { committed: { ...COMMITTED, dependencies: { a: '1' } } },
    ],
    [
      'the published manifest lacks what imports follow',
      { committed: { ...COMMITTED, 'react-native': 'x.js' } },
    ],
    ['nothing is missing', { added: [] }],
  ])('but not where %s', async (_what, situation) => {
    expect(await rerooting(situation)).toBeNull();
  });
});
