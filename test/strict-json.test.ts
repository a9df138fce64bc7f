import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countNames, repeatedName } from '../src/strict-json.ts';

it.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"b":{"c":[{"d":1,"d":1}]}}', 'd'],
  ['{"a" : 1 ,\n "\\u0061"\t: 2}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"\\"":1,"\\"":2}', '"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['[{"a":"{\\"a\\":"},{"x":1,"a":2,"x":3}]', 'x'],
])('%s has a name twice', (text, name) => {
  JSON.parse(text);
  expect(repeatedName(text)?.name).toBe(name);
});

it.each([
  '{"a":1,"b":{"a":1}}',
  '[{"a":1},{"a":1}]',
  '["a","a"]',
  '{"a":"a","b":"a"}',
  '{"a":"\\\\","b":"\\":","c":"a\\\\\\":"}',
  '"a"',
  '{}',
])('%s has every name once', (text) => {
  JSON.parse(text);
  expect(repeatedName(text)).toBeNull();
});

it('tells where the second one stands', () => {
  expect(repeatedName('{"a":1,\n"a":2}')).toEqual({ name: 'a', offset: 8 });
});

it('counts names as often as they are there, in whatever object', () => {
  expect(countNames('{"a":"b:","c":[{"a" : "\\":"}],"a":{}}')).toBe(4);
});

it('no value that was ever an object has one twice, however it is written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(4), (value, space) => {
      expect(repeatedName(JSON.stringify(value, null, space))).toBeNull();
    }),
  );
});

it('depth and size are no trouble', () => {
  const deep = 1_000_000;
  expect(repeatedName('['.repeat(deep) + ']'.repeat(deep))).toBeNull();
  expect(repeatedName(`{"a":"${'\\\\x'.repeat(deep)}","a":1}`)?.name).toBe('a');
});
