import { describe, expect, it } from 'vitest';
import { sourceMapFinding } from '../../src/judge/source-maps.ts';
import { sourceOf } from '../support/artifacts.ts';

const HONEST = {
  version: 3,
  file: 'x.js',
  sources: ['../src/x.ts'],
  sourcesContent: ['f();\n'],
  mappings: 'AAAA',
};
const COMMIT = sourceOf({ 'packages/a/src/x.ts': 'f();\n', 'lib/y.ts': 'g();\n' }, 'packages/a');

function findingOf(
  published: object | string,
  options: { rebuilt?: object | null; commit?: typeof COMMIT | null; path?: string } = {},
) {
  const { rebuilt = HONEST, commit = COMMIT, path = 'dist/x.js.map' } = options;
  const side = (map: object | string) => {
    const content = Buffer.from(typeof map === 'string' ? map : JSON.stringify(map));
    return { type: 'file', mode: 0o644, size: content.length, sha256: '', content };
  };
  const sides = { published: side(published), rebuilt: rebuilt === null ? null : side(rebuilt) };
  return sourceMapFinding({ path, ...sides }, commit);
}

describe('a source map', () => {
  it.each([
    [
      'that shows other content than the commit has',
      { sourcesContent: ['evil();\n'] },
      'shows other content of ../src/x.ts than the commit has',
    ],
    [
      'that shows content which is nowhere',
      { sources: ['../src/z.ts'] },
      'content of ../src/z.ts that neither rebuild nor commit has',
    ],
    ['with an absolute path', { sources: ['/home/me/x.ts'] }, '/home/me/x.ts lies outside'],
    ['with a path of Windows', { sources: ['C:\\x.ts'] }, 'C:\\x.ts lies outside'],
    [
      'with a URL',
      { sources: ['https://collect.example/x.ts'] },
      'https://collect.example/x.ts lies outside',
    ],
    ['that climbs out', { sources: ['../../../../../../.npmrc'] }, '../../../../../../.npmrc lies outside'],
    ['with a root elsewhere', { sourceRoot: '/etc', sources: ['x'] }, '/etc/x lies outside'],
    ['of another file', { file: 'y.js' }, 'it belongs to y.js'],
    [
      'of several, in a section',
      { sections: [{ map: { ...HONEST, sourcesContent: ['evil();\n'] } }] },
      'shows other content of ../src/x.ts',
    ],
  ])('%s disagrees', (_what, change, words) => {
    const map = 'sections' in change ? { version: 3, ...change } : { ...HONEST, ...change };
    const finding = findingOf(map);
    expect(finding).toMatchObject({ kind: 'source-map-disagrees', severity: 'low', path: 'dist/x.js.map' });
    expect(finding?.message).toContain(words);
  });

  it.each([
    ['whose mappings differ', { ...HONEST, mappings: 'AAAB' }],
    ['with the line ends of Windows', { ...HONEST, sourcesContent: ['f();\r\n'] }],
    ['without content', { ...HONEST, sourcesContent: undefined }],
    [
      'of a file of the commit above the package',
      { ...HONEST, sources: ['../../../lib/y.ts'], sourcesContent: ['g();\n'] },
    ],
    ['after a line against running it', `)]}'\n${JSON.stringify({ ...HONEST, mappings: '' })}`],
  ])('%s does not', (_what, map) => {
    expect(findingOf(map)).toBeNull();
  });

  it('says nothing about what the rebuilt one says as well', () => {
    const odd = { ...HONEST, file: 'y.js', sources: ['webpack://a/x.ts'], sourcesContent: ['a'] };
    expect(findingOf({ ...odd, mappings: '' }, { rebuilt: odd })).toBeNull();
    expect(
      findingOf({ ...odd, sourcesContent: ['b'] }, { rebuilt: { ...odd, file: 'y.js' } })?.message,
    ).toContain('shows content of webpack://a/x.ts that neither');
  });

  it('that is new is held against the commit, and without a commit against nothing', () => {
    expect(findingOf(HONEST, { rebuilt: null })).toBeNull();
    const bad = { ...HONEST, sourcesContent: ['evil();\n'] };
    expect(findingOf(bad, { rebuilt: null })?.message).toContain('than the commit has');
    expect(findingOf(bad, { commit: null })).toBeNull();
    expect(findingOf({ ...HONEST, sources: ['/x.ts'] }, { commit: null })?.message).toContain(
      '/x.ts lies outside',
    );
  });

  it.each([
    ['no JSON', '{'],
    ['no map', '[]'],
    [
      'nested a hundred thousand deep',
      `{"version":3,"sources":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ],
  ])('that is %s is said or read, and nothing breaks', (what, map) => {
    const finding = findingOf(map);
    if (what.startsWith('no ')) expect(finding?.message).toContain('cannot be read as a source map');
  });

  it('shows names so that a terminal does not follow them, and not all of many', () => {
    const sources = Array.from(
      { length: 50_000 },
      (_, index) => `/\u001b[2J${index}${'x'.repeat(index === 0 ? 9999 : 0)}`,
    );
    const finding = findingOf({ ...HONEST, sources });
    expect(finding?.message).not.toContain('\u001b');
    expect(finding?.message).toContain('and 49995 more');
    expect(JSON.stringify(finding).length).toBeLessThan(4_000);
  });

  it('is looked for by name alone', () => {
    expect(findingOf('{', { path: 'x.js' })).toBeNull();
  });
});
