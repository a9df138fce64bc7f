import { describe, expect, test } from 'vitest';
import { difference } from '../../src/compare/entries.ts';
import { explainAll } from '../../src/explain/explain-all.ts';
import { explainJson } from '../../src/explain/json.ts';
import { archiveOf } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const explained = (published: string, rebuilt: string) =>
  explainJson(Buffer.from(published), Buffer.from(rebuilt));
const changesOf = (published: unknown, rebuilt: unknown) => {
  const result = explained(JSON.stringify(published), JSON.stringify(rebuilt));
  if (result === null || 'unread' in result) throw new Error('It was not read.');
  return result.changes.map((one) => [one.kind, one.path, one.rebuilt, one.published]);
};

describe('data', () => {
  test('that is written differently is the same', () => {
    expect(explained('{"a":[1,{}]}', '{\n  "a": [1, {}]\n}\n')).toEqual({
      total: 0,
      changes: [],
      oddlyWritten: false,
    });
  });

  test.each([
    ['a value', { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['changed', '$.a.b[1]', '3', '2']],
    ['a key that is new', { a: 1, b: '</x>' }, { a: 1 }, ['added', '$.b', null, '"</x>"']],
    ['a key that is gone', { a: 1 }, { a: 1, 'b c': {} }, ['removed', '$["b c"]', '{}', null]],
    ['an element in between', [1, 2, 3, 4], [1, 3, 4], ['added', '$[1]', null, '2']],
    ['an element that is gone', [1, 3, 4], [1, 2, 3, 4], ['removed', '$[1]', '2', null]],
    ['a kind of value', { a: [] }, { a: {} }, ['changed', '$.a', '{}', '[]']],
    ['a text like a number', { a: '1' }, { a: 1 }, ['changed', '$.a', '1', '"1"']],
    [
      'the order of keys',
      { e: { b: 1, a: 1 } },
      { e: { a: 1, b: 1 } },
      ['order', '$.e', '["a","b"]', '["b","a"]'],
    ],
  ])('%s is told with its path', (_what, published, rebuilt, expected) => {
    expect(changesOf(published, rebuilt)).toEqual([expected]);
  });

  test('of a key that only the prototype has is told', () => {
    expect(explained('{"__proto__":{"a":1},"toString":1}', '{}')).toMatchObject({
      total: 2,
      changes: [
        { kind: 'added', path: '$.__proto__', published: '{"a":1}' },
        { kind: 'added', path: '$.toString' },
      ],
    });
  });
});

describe('attack: data made against its reader', () => {
  test('a key that stands there twice is not called the same', () => {
    expect(explained('{"a":2,"a":1}', '{"a":1}')).toMatchObject({ total: 0, oddlyWritten: true });
  });

  test.each(['[', '{"a":'])('nested a hundred thousand deep is said not to be read: %s', (open) => {
    const deep = open.repeat(100_000) + '1' + (open === '[' ? ']' : '}').repeat(100_000);
    expect(explained(deep, '1')).toEqual({ unread: 'it is nested more than 200 deep' });
    expect(explained('1', deep)).toEqual({ unread: 'it is nested more than 200 deep' });
  });

  test('what is shown is little, and harmless to a terminal', () => {
    const keys = Array.from(
      { length: 12_000 },
      (_, index) => `\u202e${index}${'y'.repeat(index === 0 ? 9_999 : 0)}`,
    );
    const wide = Object.fromEntries(keys.map((key, index) => [key, 'x'.repeat(index === 0 ? 9_999 : 0)]));
    const result = explained(JSON.stringify(wide), '{}');
    expect(result).toMatchObject({ total: 10_000 });
    expect(JSON.stringify(result).length).toBeLessThan(4_000);
    expect(JSON.stringify(result)).not.toContain('\u202e');
  });

  test('that is none is no data', () => {
    expect(explained('{', '{}')).toBeNull();
    expect(explainJson(Buffer.of(0xff), Buffer.from('{}'))).toBeNull();
  });
});

describe('in the thread that reads', () => {
  const changed = (path: string, published: string, rebuilt: string | null) => {
    const entry = (content: string) => archiveOf(npmTarball({ [path]: content })).entries[0] ?? null;
    const sides = { published: entry(published), rebuilt: rebuilt === null ? null : entry(rebuilt) };
    return difference({ kind: rebuilt === null ? 'added' : 'content', ...sides, inCommit: false });
  };

  test('data is compared after scripts, and only where there are two sides', async () => {
    const all = await explainAll([
      changed('a.json', '{"a":1}', '{"a": 1}'),
      changed('b.json', '{', '{}'),
      changed('c.json', '{}', null),
      changed('d.js', 'eval(x)', ''),
      changed('e.json', `"${'x'.repeat(5 * 1024 ** 2)}"`, '1'),
    ]);
    expect([...all]).toEqual([
      ['d.js', expect.objectContaining({ total: 1 })],
      ['a.json', { data: { total: 0, changes: [], oddlyWritten: false } }],
      ['b.json', { data: { unread: 'it cannot be read as JSON' } }],
      ['e.json', { data: { unread: 'it is larger than 4 MiB' } }],
    ]);
  });
});
