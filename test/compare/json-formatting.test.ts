import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameJsonValue } from '../../src/compare/json-formatting.ts';
import { NORMALIZERS } from '../../src/compare/normalizers.ts';
import { compareTarballs } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const same = (published: string | Uint8Array, rebuilt: string | Uint8Array): boolean =>
  sameJsonValue(Buffer.from(published), Buffer.from(rebuilt));

describe('white space alone', () => {
  const value = {
    name: 'a',
    scripts: { test: 'node -e "1  2"' },
    files: ['a b', 'c\td'],
    exports: { import: './a', default: './b' },
  };
  const hand =
    '{ "name":"a",\n\t"scripts": {"test" : "node -e \\"1  2\\""},"files":["a b", "c\\td"],\r\n"exports":{"import":"./a","default":"./b"} }';
  test.each([2, 4, '\t', 0])('indented by %j', (indent) => {
    for (const end of ['', '\n']) expect(same(JSON.stringify(value, null, indent) + end, hand)).toBe(true);
  });
  test('with the line ends of Windows', () => {
    expect(same(`${JSON.stringify(value, null, 2)}\n`.replaceAll('\n', '\r\n'), hand)).toBe(true);
  });
  test('of any value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 2, 4, '\t'),
        (any, indent) => {
          const text = JSON.stringify(any);
          fc.pre(!text.includes('"__proto__"'));
          expect(
            same(JSON.stringify(JSON.parse(text), null, indent), JSON.stringify(JSON.parse(text), null, 3)),
          ).toBe(true);
        },
      ),
    );
  });
});

describe('attacks hidden in what is ignored', () => {
  const honest = '{"name":"a","scripts":{"test":"ok"}}';
  test.each([
    ['another value', '{\n  "name": "a",\n  "scripts": {\n    "test": "evil"\n  }\n}'],
    [
      'an install script',
      '{\n  "name": "a",\n  "scripts": {\n    "test": "ok",\n    "postinstall": "evil"\n  }\n}',
    ],
    [
      'a duplicate key, the last one honest',
      '{"name":"a","scripts":{"postinstall":"evil"},"scripts":{"test":"ok"}}',
    ],
    [
      'a duplicate key, the first one honest',
      '{"name":"a","scripts":{"test":"ok"},"scripts":{"postinstall":"evil"}}',
    ],
    ['a duplicate key in an inner object', '{"name":"a","scripts":{"test":"evil","test":"ok"}}'],
    [
      'a duplicate key written with an escape',
      '{"name":"a","scripts":{"test":"ok"},"scr\\u0069pts":{"test":"ok"}}',
    ],
    ['an escape where none is needed', '{"name":"a","scripts":{"t\\u0065st":"ok"}}'],
    ['another order of keys', '{\n  "scripts": {\n    "test": "ok"\n  },\n  "name": "a"\n}'],
    ['white space inside a string', '{\n  "name": "a ",\n  "scripts": {\n    "test": "ok"\n  }\n}'],
    ['a byte order mark', `\ufeff${honest}`],
    ['a message in white space', '{"name":"a", \t \t\t "scripts":{"test":"ok"}}'],
    ['much white space at the end', `${honest}${'\n'.repeat(5000)}`],
    ['a no-break space', '{\u00a0"name":"a","scripts":{"test":"ok"}}'],
    ['a NUL at the end', `${honest}\0`],
    ['a comment', '{"name":"a",/* evil */"scripts":{"test":"ok"}}'],
    ['a second document', `${honest}${honest}`],
    ['nothing', ''],
  ])('%s', (_what, published) => expect(same(published, honest)).toBe(false));

  test('another order of the conditions of exports', () => {
    const rebuilt = '{"exports":{"import":"./good.js","default":"./old.js"}}';
    expect(
      same('{\n  "exports": {\n    "default": "./old.js",\n    "import": "./good.js"\n  }\n}', rebuilt),
    ).toBe(false);
  });
  test('a key that some readers assign instead of define', () => {
    expect(same('{\n  "__proto__": {\n    "a": 1\n  }\n}', '{"__proto__":{"a":1}}')).toBe(false);
  });
  test('a duplicate key in the source', () => {
    expect(
      same(
        '{\n  "scripts": {\n    "test": "ok"\n  }\n}',
        '{"scripts":{"test":"evil"},"scripts":{"test":"ok"}}',
      ),
    ).toBe(false);
  });
  test('nesting that overflows the stack', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(same(deep, `${deep}\n`)).toBe(false);
  });
  test('another spelling of a number', () => expect(same('{"a":1.0}', '{"a":1}')).toBe(false));
  test('bytes that are no UTF-8', () =>
    expect(same(Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0x22, 0xff, 0x22]))).toBe(false));
  test('a text that is no object', () => expect(same('[\n  1\n]', '[1]')).toBe(false));
  test('any changed, added or removed token', () => {
    const formatted = JSON.stringify(JSON.parse(honest), null, 2);
    fc.assert(
      fc.property(
        fc.nat(formatted.length - 1),
        fc.constantFrom('"', 'x', '1', ',', ':', '{', '\\', ''),
        (at, put) => {
          const mutated = formatted.slice(0, at) + put + formatted.slice(at + 1);
          const onlySpace = mutated.replaceAll(/\s/g, '') === formatted.replaceAll(/\s/g, '');
          expect(same(mutated, honest) && !onlySpace).toBe(false);
        },
      ),
    );
  });
});

test('no other file is normalized, wherever a package.json lies', () => {
  for (const path of [
    'lib/package.json',
    'tsconfig.json',
    'Package.json',
    'package.json/x',
    'package.json5',
  ]) {
    expect(NORMALIZERS['json-formatting'].appliesTo(path)).toBe(false);
    const pair = {
      published: npmTarball({ [path]: '{\n  "a": 1\n}' }),
      rebuilt: npmTarball({ [path]: '{"a":1}' }),
    };
    expect(compareTarballs(pair).level).toBeNull();
  }
});
