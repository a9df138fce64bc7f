import { describe, expect, test } from 'vitest';
import { sameCode } from '../../src/compare/code-formatting.ts';

const same = (published: string, rebuilt: string, path = 'index.js'): boolean =>
  sameCode(Buffer.from(published), Buffer.from(rebuilt), path);

describe('one program in two formats', () => {
  test.each([
    ['without semicolons', 'const a = 1\nlet b\n', 'const a = 1;\nlet b;'],
    ['on one line', 'function f(a) {\n  return a\n}\n', 'function f(a){return a}'],
    ['with other quotes', `f("it's", 'b')\n`, `f('it\\'s', "b");`],
    ['with trailing commas', 'f({\n  a,\n  b,\n})\n', 'f({a, b})'],
    ['with parentheses', 'const f = (a) => a\n', 'const f = a => (a)'],
    ['as a module', 'export {a} from "./a.js"\n', "export { a } from './a.js';"],
    [
      'with imported names in another order',
      'import a, {b, c as d} from "e"',
      'import a, { c as d, b } from "e";',
    ],
    [
      'with exported names in another order',
      'let a, c; export {a as b, c}',
      'let a, c\nexport { c, a as b };',
    ],
    ['with names of another module in another order', 'export {a, b} from "c"', 'export { b, a } from "c"'],
    [
      'with comments',
      '/**\n * One.\n */\nconst a = 1 // two\n',
      '  /**\n  * One.\n  */\n  const a = 1; // two',
    ],
    ['with a shebang', '#!/usr/bin/env node\nf()\n', '#!/usr/bin/env node\nf();'],
    ['with the line ends of Windows', 'f()\r\ng()\r\n', 'f()\ng()\n'],
    ['with an unusual space in a text', "f('a\u00a0b')\r\n", "f('a\u00a0b')\n"],
  ])('%s', (_, published, rebuilt) => {
    expect(same(published, rebuilt)).toBe(true);
  });

  test('declarations', () => {
    expect(
      same(
        'export type A = 1\nexport function f(): A\n',
        'export type A = 1;\nexport function f(): A;',
        'a.d.ts',
      ),
    ).toBe(true);
  });

  test('white space within a template counts', () => {
    expect(same('f(`a  b`)', 'f(`a b`)')).toBe(false);
  });
});

describe('attack: what formatting could hide', () => {
  test.each([
    ['a statement that was a comment', '// a\nsteal()', '// a steal()'],
    ['a statement out of a string', `f("a");steal();("b")`, `f("a;steal();(b")`],
    ['a return that ends early', 'function f() {\nreturn\n{ a }\n}', 'function f() {\nreturn { a }\n}'],
    ['a call of the next line', 'const a = b\n(c)', 'const a = b;\n(c)'],
    ['another order of operations', 'a - (b + c)', 'a - b + c'],
    ['a comma operator', 'f((a, b))', 'f(a, b)'],
    ['a hole', 'f([a,,])', 'f([a])'],
    ['a directive', "'use strict'\nf()", "('use strict')\nf()"],
    ['a directive by an escape', "'use\\x20strict'\nf()", "'usex20strict'\nf()"],
    ['an escape in a string', 'f("\\n")', 'f("n")'],
    ['an escape in a template', 'f(`\\n`)', 'f(`n`)'],
    ['an escape in a regular expression', 'f(/\\d/)', 'f(/d/)'],
    ['a name with an escape', 'f(\\u0061)', 'f(u0061)'],
    ['an indirect call', '(0, eval)(a)', '(0), eval(a)'],
    ['an optional chain', '(a?.b).c', 'a?.b.c'],
    ['the name of a function', '(f) = () => 1', 'f = () => 1'],
    ['quotes of a key', '({"__proto__": a})', '({__proto__: a})'],
    ['a tagged template', 'f\n`a`', 'f;\n`a`'],
    ['a space in a number', 'f(1 .a)', 'f(1.a)'],
    ['an operator', 'a + +b', 'a ++ b'],
    ['a comment that moved to other code', 'f(/*#__PURE__*/ a, b)', 'f(a, /*#__PURE__*/ b)'],
    ['a comment of another kind', '/*a*/', '//*a*/'],
    ['a comment of HTML', 'a\n<!-- b', 'a\n<!--b'],
    ['the end of an HTML comment', 'a\n --> b', 'a\n-->b'],
    ['no program', 'f(', 'f( '],
    ['more depth than the stack', `f(${'['.repeat(100_000)}`, `f( ${'['.repeat(100_000)}`],
    ['another word', 'f(a)', 'f(b)'],
    [
      'another order of modules',
      'import {a} from "b";import {c} from "d"',
      'import {c} from "d";import {a} from "b"',
    ],
    ['an imported name for another', 'import {a as b, c as d} from "e"', 'import {a as d, c as b} from "e"'],
    [
      'a name out of another module',
      'import {a} from "b";import {c} from "d"',
      'import {c} from "b";import {a} from "d"',
    ],
    ['a whole module for a name', 'import a, {b} from "c"', 'import b, {a} from "c"'],
    ['imported names around a comment', 'import {/*a*/ b, c} from "d"', 'import {/*a*/ c, b} from "d"'],
    ['the order of keys', 'f({a, b})', 'f({b, a})'],
    ['the order of parameters', 'function f({a}, {b}) {}', 'function f({b}, {a}) {}'],
  ])('%s, is a difference', (_, published, rebuilt) => {
    expect(same(published, rebuilt)).toBe(false);
    expect(same(rebuilt, published)).toBe(false);
  });

  test.each([
    ['another space character', 'const a\u00a0= 1', 'const a = 1'],
    ['white space at the end of a line', 'f() \t \ng()', 'f()\ng()'],
    ['many empty lines', 'f()\n\n\n\n\ng()', 'f()\ng()'],
    ['far to the right', `f()${' '.repeat(300)}; g()`, 'f(); g()'],
    ['a line end that few see', 'f()\rg()', 'f()\ng()'],
  ])('%s in the published file, is a difference', (_, published, rebuilt) => {
    expect(same(published, rebuilt)).toBe(false);
  });

  test('bytes that are no UTF-8 are not compared as text', () => {
    const bytes = (byte: number, end: string) =>
      Buffer.concat([Buffer.of(0x2f, 0x2f, byte), Buffer.from(end)]);
    expect(sameCode(bytes(0xff, '\n'), bytes(0xfe, ''), 'index.js')).toBe(false);
  });
});
