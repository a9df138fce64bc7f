import { expect, test } from 'vitest';
import { visible } from '../../src/published/visible.ts';

test.each([
  ['a bidi override', 'a\u202eb', 'a<U+202E>b'],
  ['a zero-width space', 'in\u200bdex', 'in<U+200B>dex'],
  ['an escape sequence', '\u001b[31m', '<U+001B>[31m'],
  ['a line feed in a name', 'a\nb', 'a<U+000A>b'],
  ['an interlinear annotation', 'a\ufff9b', 'a<U+FFF9>b'],
  ['a carriage return', 'a\rb', 'a<U+000D>b'],
  ['variation selectors', 'a\ufe01\u{e0101}', 'a<U+FE01><U+E0101>'],
  ['tags', '\u{e0041}', '<U+E0041>'],
  ['a no-break space', 'a\u00a0b', 'a<U+00A0>b'],
  ['a Hangul filler', '\u3164', '<U+3164>'],
  ['a lone surrogate', 'a\ud800', 'a<U+D800>'],
  ['a Cyrillic letter in a Latin word', 'p\u0430ypal', 'p<U+0430>ypal'],
  ['a mathematical letter in a Latin word', 'e\u{1d42f}al', 'e<U+1D42F>al'],
])('%s becomes visible', (_what, text, shown) => expect(visible(text)).toBe(shown));

test.each(['plain text', 'naïve café', 'документ', 'größe/été.js', '日本語のREADME.md', 'a_b-c.d~1'])(
  '%j stays as it is',
  (text) => expect(visible(text)).toBe(text),
);

test('lines are kept when asked for', () => {
  expect(visible('a\n\tb\u0000', { keepLines: true })).toBe('a\n\tb<U+0000>');
});
