import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { type Block, parseBlocks } from '../../../../builders/npm/inputs/blocks.ts';
import { blocksOfYaml } from '../../../../builders/npm/inputs/yaml-blocks.ts';

/** Words as they stand in lockfiles, and some that mean something in YAML. */
const word = fc.oneof(
  fc.constantFrom(
    'a',
    '@a/b@1.0.0',
    '^1.2.3 || >=4',
    'sha512-aa/b+c==',
    'https://x.example/a.tgz',
    "it's",
    'a: b',
    'a #b',
  ),
  fc.constantFrom(
    '',
    '- a',
    '*',
    '&a',
    '!a',
    '{a',
    '[',
    '?',
    '? a',
    '|',
    '> a',
    '%',
    '@a',
    '`a',
    '"',
    "'",
    'true',
    'null',
    '~',
    ' a ',
    'a:',
  ),
  fc.string({ maxLength: 8 }),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.dictionary(word, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(word, { maxLength: 3 }),
  ),
})).value;

/** Less what both readers may see differently: an empty mapping, list and text are all nothing. */
function plain({ key, value, children }: Block): unknown {
  return children.length === 0 ? [key, value ?? ''] : [key, children.map(plain)];
}

function outcomeOf(read: (text: string) => readonly Block[], text: string): unknown {
  try {
    return read(text).map(plain);
  } catch (error) {
    return error instanceof Error ? error.name : error;
  }
}

it('reads whatever it reads line by line as all of YAML is read', () => {
  const styles = [{ defaultStringType: 'QUOTE_SINGLE' }, { defaultStringType: 'PLAIN' }] as const;
  const texts = fc
    .tuple(
      fc.dictionary(word, tree, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      fc.constantFrom(...styles),
    )
    .map(([value, style]) => stringify(value, { ...style, lineWidth: 0 }));
  fc.assert(
    fc.property(texts, (text) => {
      expect(parseBlocks(text).map(plain)).toEqual(blocksOfYaml(text).map(plain));
    }),
    { numRuns: 2000 },
  );
});

it('says nothing of a text that the whole of YAML does not say', () => {
  const line = fc
    .tuple(fc.nat(3), word, fc.constantFrom(': ', ':', ' ', ': {a: ', ': [', ': |', '\t'), word)
    .map(([indent, key, between, value]) => `${'  '.repeat(indent)}${key}${between}${value}`);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const text = lines.join('\n');
      expect(outcomeOf(parseBlocks, text), JSON.stringify(text)).toEqual(outcomeOf(blocksOfYaml, text));
    }),
    { numRuns: 3000 },
  );
});

it.each([
  ['a text whose later line is less deep than its first', 'a: |\n    a: a\n  : '],
  ['a text that begins with a line of spaces', 'a: |\n   \n  : a'],
  ['a key with a space behind it', ' a : '],
  ['a tab within a key', 'a:\ta: b'],
  ['a tab before a comment', 'a: b\t#'],
  ['a quoted key without a space behind its colon', "'':a"],
  ['a line of nothing but a tab', '(: \n\t'],
])('leaves to the other reader: %s', (_what, text) => {
  expect(outcomeOf(parseBlocks, text)).toEqual(outcomeOf(blocksOfYaml, text));
});

it('knows the line of each block', () => {
  const text = 'a:\n  b: c\n\n  # comment\n  d: {e: f}\n---\ng: |\n  h: i\n\n  j\nk: l\n';
  const lines = (blocks: readonly Block[]): unknown =>
    blocks.flatMap(({ key, line, children }) => [[key, line], ...(lines(children) as [])]);
  expect(lines(parseBlocks(text))).toEqual(lines(blocksOfYaml(text)));
  expect(parseAllDocuments(text)).toHaveLength(2);
});
