import { describe, expect, test } from 'vitest';
import { isProseName, sameButForLineEnds } from '../../src/compare/line-ends.ts';

const same = (published: string, rebuilt: string) =>
  sameButForLineEnds(Buffer.from(published), Buffer.from(rebuilt));

test('line ends of Windows and of elsewhere', () => {
  expect(same('a\r\nb\r\n', 'a\nb\n')).toBe(true);
  expect(same('a\nb\n', 'a\r\nb\r\n')).toBe(true);
});

describe('attack: what line ends could hide', () => {
  test.each([
    ['both kinds', 'a\r\nb\n', 'a\nb\n'],
    ['a bare return', 'a\rb\n', 'a\nb\n'],
    ['another word', 'a\r\nb', 'a\nc'],
    ['a line more', 'a\r\n\r\nb', 'a\nb'],
  ])('%s, is a difference', (_, published, rebuilt) => {
    expect(same(published, rebuilt)).toBe(false);
  });

  test.each([
    'index.js',
    'package.json',
    'readme.js',
    'LICENSE.html',
    'bin/README.sh',
    'README/index.cjs',
    'licensex',
  ])('it never looks at %s', (path) => {
    expect(isProseName(path)).toBe(false);
  });

  test.each(['README.md', 'LICENSE', 'docs/LICENSE-MIT', 'docs/a.txt', 'license'])(
    'it looks at %s',
    (path) => {
      expect(isProseName(path)).toBe(true);
    },
  );
});
