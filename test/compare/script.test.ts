import { describe, expect, it } from 'vitest';
import { parseScript } from '../../src/compare/script.ts';

const isRead = (text: string) => parseScript(text, 'index.js') !== null;

describe('a script with the mark of an HTML comment', () => {
  it.each([
    ['a string', "f('<!--')"],
    ['a regular expression', 'f(/<!--.*-->/)'],
    ['a template', 'f(`<!-- a -->\n--> ${b}<!--`)'],
    ['another comment', '/* <!-- a\n--> */ f() // <!--'],
    ['operators', 'while (n --> 0) f()'],
    ['a module', "export default '<!--'"],
  ])('is read where it is in %s', (_what, text) => {
    expect(isRead(text)).toBe(true);
  });

  it.each([
    ['a comment of a script, and operators of a module', 'a\n<!--b'],
    ['the same beside literals', "f('<!--')\na\n<!--b\nf('<!--')"],
    ['the same behind a literal', "a='<'<!--b"],
    ['the end of one', '/* <!-- */ a\n \t--> b'],
  ])('is not read where it is %s', (_what, text) => {
    expect(isRead(text)).toBe(false);
  });

  it('is read in time, however many there are', () => {
    expect(isRead(`f(${"'<!--',".repeat(50_000)})`)).toBe(true);
    expect(isRead(`f()${'\n'.repeat(1_000_000)}`)).toBe(true);
    expect(isRead(`f()${' '.repeat(1_000_000)}`)).toBe(true);
  });
});
