import { describe, expect, it } from 'vitest';
import { addsOnlyNotes, inconclusive, unbuilt } from '../../src/compare/inconclusive.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import type { Source } from '../../src/model/source.ts';
import { compareTarballs, sourceOf } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const MANIFEST = { 'package.json': '{"name":"pkg","main":"dist/index.js"}' };

function comparisonOf(
  published: Readonly<Record<string, string>>,
  rebuilt: Readonly<Record<string, string>>,
) {
  return compareTarballs({
    published: npmTarball({ ...MANIFEST, ...published }),
    rebuilt: npmTarball({ ...MANIFEST, ...rebuilt }),
    commit: { ...MANIFEST },
  });
}

/** With the entry point in `dist`, as the manifest has it, and git told to leave out what these lines say. */
function unbuiltBy(
  plan: RebuildPlan,
  comparison: ReturnType<typeof comparisonOf>,
  source: Source,
  ignored: readonly string[] = ['/esm/'],
) {
  return unbuilt({ plan, comparison, source }, { entryPoints: ['dist/index.js'], ignored });
}

const BUILT = {
  strategy: 'install-build-pack',
  conclusive: true,
  evidence: [],
  steps: [],
} as unknown as RebuildPlan;
const PACKED = { ...BUILT, strategy: 'pack' };
const SOURCE = sourceOf(MANIFEST);

describe('a build that made nothing of an output folder', () => {
  it('says nothing about what was published in it', () => {
    const comparison = comparisonOf({ 'dist/index.js': '1' }, {});
    expect(unbuiltBy(BUILT, comparison, SOURCE)).toMatchObject({ code: 'unsupported' });
  });

  it.each([
    [
      'a file beside those that it did make',
      { 'dist/index.js': '1', 'dist/evil.js': '2' },
      { 'dist/index.js': '1' },
    ],
    ['a file at the root', { 'setup.js': '1' }, {}],
    ['a file in a folder of no such name', { 'vendor/setup.js': '1' }, {}],
    ['a changed file', { 'index.js': '1; evil()', 'dist/index.js': '1' }, { 'index.js': '1' }],
  ])('but speaks against %s', (_what, published, rebuilt) => {
    expect(unbuiltBy(BUILT, comparisonOf(published, rebuilt), SOURCE)).toBeNull();
  });

  it('but speaks against a file in an output folder that the commit has', () => {
    const source = sourceOf({ ...MANIFEST, 'dist/other.js': '' });
    expect(unbuiltBy(BUILT, comparisonOf({ 'dist/index.js': '1' }, {}), source)).toBeNull();
  });

  it.each(['lib', 'lib/', '/lib', '/lib/*', 'packages/*/lib', '**/lib/**', '  lib\r'])(
    'says nothing about a folder that git is told to leave out with %j',
    (line) => {
      const comparison = comparisonOf({ 'lib/a.js': '1' }, {});
      expect(unbuiltBy(BUILT, comparison, SOURCE, ['# made', line])).toMatchObject({ code: 'unsupported' });
    },
  );

  it.each([[], ['# lib'], ['!lib'], ['lib.js'], ['lib/other']])(
    'but speaks against a folder that the source does not speak of (%j)',
    (...ignored) => {
      const comparison = comparisonOf({ 'lib/setup.js': '1' }, {});
      expect(unbuiltBy(BUILT, comparison, SOURCE, ignored)).toBeNull();
      expect(
        unbuiltBy(BUILT, comparisonOf({ 'dist/index.js': '1', 'lib/setup.js': '1' }, {}), SOURCE, ignored),
      ).toBeNull();
    },
  );

  describe('of many files', () => {
    const folder = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`esm/part${index}.js`, '1']));
    it('says nothing, also beside data of other bytes', () => {
      const comparison = comparisonOf({ ...folder, 'locale.json': '[1]' }, { 'locale.json': '[2]' });
      expect(unbuiltBy(BUILT, comparison, SOURCE)).toMatchObject({ code: 'unsupported' });
    });

    it.each([
      ['a script of other bytes', { 'index.js': '1; evil()' }, { 'index.js': '1' }],
      ['a manifest of other bytes', { 'package.json': '{"name":"pkg","main":"esm/part1.js"}' }, {}],
      ['a manifest within', { 'cjs/package.json': '{"main":"a"}' }, { 'cjs/package.json': '{}' }],
      ['a lockfile', { 'npm-shrinkwrap.json': '{"a":1}' }, { 'npm-shrinkwrap.json': '{}' }],
      ['a file that was left out', {}, { 'check.json': '1' }],
    ])('but speaks against %s', (_what, published, rebuilt) => {
      expect(unbuiltBy(BUILT, comparisonOf({ ...folder, ...published }, rebuilt), SOURCE)).toBeNull();
    });
  });

  it('but of the archive that a host makes of a commit it speaks', () => {
    const archived = { ...BUILT, strategy: 'git-archive' };
    expect(unbuiltBy(archived, comparisonOf({ 'dist/index.js': '1' }, {}), SOURCE)).toBeNull();
  });

  describe('and where no build was found', () => {
    it("nor about a folder that the commit's own manifest leads to", () => {
      const comparison = comparisonOf({ 'dist/index.js': '1', 'dist/more.js': '2' }, {});
      expect(unbuiltBy(PACKED, comparison, SOURCE)).toMatchObject({ code: 'unsupported' });
    });

    it.each([
      ['a folder that git is told to leave out', { 'esm/index.js': '1' }, {}],
      [
        'a manifest that leads elsewhere',
        {
          'dist/index.js': '1',
          'package.json': '{"name":"pkg","main":"dist/index.js","bin":"dist/index.js"}',
        },
        {},
      ],
      ['a file beside that folder', { 'dist/index.js': '1', 'setup.js': '1' }, {}],
      [
        'most of its files',
        Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`${index}.js`, '1'])),
        {},
      ],
    ])('but against %s', (_what, published, rebuilt) => {
      expect(unbuiltBy(PACKED, comparisonOf(published, rebuilt), SOURCE)).toBeNull();
    });
  });
});

describe('a build that made nothing of a package of many files', () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`part${index}.js`, '1']));
  it('says nothing', () => {
    expect(unbuiltBy(BUILT, comparisonOf(many, {}), SOURCE)).toMatchObject({ code: 'unsupported' });
  });

  it('but speaks where it made some of it', () => {
    expect(unbuiltBy(BUILT, comparisonOf(many, { 'part1.js': '1' }), SOURCE)).toBeNull();
  });
});

describe('a plan that leaves things out', () => {
  const partial = { ...BUILT, conclusive: false };
  it('speaks against nobody', () => {
    expect(inconclusive(partial, comparisonOf({ 'index.js': '1' }, {}), [])).toMatchObject({
      code: 'unsupported',
    });
  });

  it('says what stood in for a dependency', () => {
    const reason = inconclusive(partial, comparisonOf({ 'index.js': '1' }, {}), ['a@1.0.1 stands in.']);
    expect(reason?.message).toMatch(/speaks against nobody: a@1\.0\.1 stands in\.$/);
  });

  it('but against notes that were added, which no build makes', () => {
    const comparison = comparisonOf({ '.notes/today.md': 'x' }, {});
    expect(addsOnlyNotes(comparison)).toBe(true);
    expect(inconclusive(partial, comparison, [])).toBeNull();
  });

  it('at a commit of another version, it says which', () => {
    const evidence = [{ kind: 'version-set', detail: 'the manifest says 0.9.0' }];
    const reason = inconclusive({ ...partial, evidence }, comparisonOf({ 'index.js': '1' }, {}), []);
    expect(reason?.code).toBe('source-mismatch');
    expect(reason?.message).toContain('0.9.0');
  });
});
