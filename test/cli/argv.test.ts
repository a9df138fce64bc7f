import { expect, it } from 'vitest';
import { argvOf } from '../../src/cli/argv.ts';

it.each<[string, string[]]>([
  ['sign', ['sign']],
  ['  sign  --with a ', ['sign', '--with', 'a']],
  [`sign 'a b' "c d"`, ['sign', 'a b', 'c d']],
  [`sign --pin='a b'c "it's"`, ['sign', '--pin=a bc', "it's"]],
  ['sign ""', ['sign', '']],
  ['sign $HOME; rm *', ['sign', '$HOME;', 'rm', '*']],
])('%j is a program and its arguments', (text, words) => {
  expect(argvOf(text)).toEqual(words);
});

it.each(['', ' ', `sign 'a`, `sign a"`, `'`])('%j is none', (text) => {
  expect(() => argvOf(text)).toThrow(/must name a program|not closed/);
});
