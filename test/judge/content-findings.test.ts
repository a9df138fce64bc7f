import { describe, expect, it } from 'vitest';
import { contentFindings } from '../../src/judge/content-findings.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import type { Difference } from '../../src/model/comparison.ts';

const at = (...points: readonly number[]) => String.fromCodePoint(...points);

function findingsOf(
  published: string | Uint8Array,
  options: { rebuilt?: string | null; role?: EntryRole; kind?: Difference['kind']; path?: string } = {},
) {
  const { rebuilt = '', role = 'runs-on-import', kind = 'content', path = 'index.js' } = options;
  const side = (content: string | Uint8Array) => ({
    type: 'file' as const,
    mode: 0o644,
    size: content.length,
    sha256: '',
    content: Buffer.from(content),
  });
  const difference: Difference = {
    kind,
    path,
    published: side(published),
    rebuilt: rebuilt === null ? null : side(rebuilt),
    inCommit: false,
  };
  return contentFindings(difference, { role });
}

describe('characters that nobody sees', () => {
  const selectors = at(...Array.from({ length: 8 }, (_, index) => 0xe0100 + index));

  it.each([
    ['a control of direction', `ok(); ${at(0x202e)} evil()`, 6, 'U+202E'],
    ['an isolate', `é ${at(0x2066)}`, 3, 'U+2066'],
    ['a program in variation selectors', `run(\`${selectors}\`)`, 5, 'U+E0100'],
    ['a text in tags', at(0xe0041, 0xe0042, 0xe0043, 0xe0044), 0, 'U+E0041'],
    ['zero-width characters in a row', at(0x200b, 0x200c, 0x200d, 0xfeff), 0, 'U+200B'],
    [
      'characters where a large file is read on',
      `${'a'.repeat(1024 ** 2 - 4)}${at(0x200b, 0x200c, 0x200d, 0xfeff)}b`,
      1024 ** 2 - 4,
      'U+200B',
    ],
    [
      'characters after a megabyte that is no ASCII',
      `${'é'.repeat(1024 ** 2)}${at(0x202e)}`,
      2 * 1024 ** 2,
      'U+202E',
    ],
  ])('are found: %s', (_what, published, offset, name) => {
    const [finding, ...others] = findingsOf(published);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'hidden-text', severity: 'high', path: 'index.js' });
    expect(finding?.evidence).toEqual({ offset, places: 1 });
    expect(finding?.message).toContain(`the first at byte ${offset} (${name})`);
  });

  it.each([
    ['an emoji of several', at(0x1f469, 0x200d, 0x1f4bb, 0xfe0f)],
    ['Persian', `${at(0x645, 0x6cc)}${at(0x200c)}${at(0x62e)}`],
    ['a byte order mark', `${at(0xfeff)}ok()`],
    ['bytes that are no text', Buffer.from([0xe2, 0x80, 0xff, 0xf3, 0xa0, 0x00])],
  ])('are not seen in %s', (_what, published) => {
    expect(findingsOf(published)).toEqual([]);
  });

  it('are no finding where the source has as many, and weigh little where nothing runs', () => {
    const text = `a${at(0x202e)}b`;
    expect(findingsOf(`${text} `, { rebuilt: text })).toEqual([]);
    expect(findingsOf(text + text, { rebuilt: text })[0]?.evidence['places']).toBe(1);
    expect(findingsOf(text, { role: 'read-by-people' })[0]?.severity).toBe('low');
    expect(findingsOf(text, { kind: 'mode' })).toEqual([]);
  });

  it('are found where the source has a row of them that was made longer, or that says something else', () => {
    const longer = `run(\`${selectors}${selectors}\`)`;
    const other = `run(\`${Array.from(selectors).toReversed().join('')}\`)`;
    for (const published of [longer, other]) {
      const [finding] = findingsOf(published, { rebuilt: `run(\`${selectors}\`)` });
      expect(finding).toMatchObject({ kind: 'hidden-text', evidence: { offset: 5, places: 1 } });
    }
  });

  it('are told where they are new, not where the source has them', () => {
    const [finding] = findingsOf(`${at(0x202e)}a${at(0x202d)}`, { rebuilt: `${at(0x202e)}a` });
    expect(finding?.evidence).toEqual({ offset: 4, places: 1 });
  });

  it('are looked for in what is new as well, and named so that a terminal does not follow them', () => {
    const [finding] = findingsOf(at(0x202e), { kind: 'added', rebuilt: null, path: `a${at(0x1b)}[2J.js` });
    expect(finding?.message).not.toContain(at(0x1b));
    expect(finding?.message).not.toContain(at(0x202e));
  });
});

describe('letters that are taken for others', () => {
  it.each([
    ['Cyrillic', `p${at(0x430)}ypal`, 'p<U+0430>ypal', 'paypal'],
    ['Greek', `${at(0x3bf)}wner`, '<U+03BF>wner', 'owner'],
    ['mathematical', `ev${at(0x1d44e)}l`, 'ev<U+1D44E>l', 'eval'],
    ['wide', `fetc${at(0xff48)}`, 'fetc<U+FF48>', 'fetch'],
    ['several', `${at(0x455)}ess${at(0x456)}on`, '<U+0455>ess<U+0456>on', 'session'],
  ])('are found in a word: %s', (_script, word, shown, readsAs) => {
    const [finding, ...others] = findingsOf(`é; const ${word} = 1;`);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'homoglyph', severity: 'high', path: 'index.js' });
    expect(finding?.evidence).toEqual({ offset: 10, places: 1, word: shown, readsAs });
    expect(finding?.message).toContain(`has ${shown} at byte 10, which reads as ${readsAs}`);
  });

  it.each([
    ['Russian', 'const привет = 1; // слово и word'],
    ['Russian beside Latin in one name', 'const vk_поиск = 1'],
    ['a unit and a name of mathematics', 'const Δt = 1, λx = 2, μs = 3'],
    ['words of two scripts with a hyphen', 'USB-порт'],
    ['a bold text', at(0x1d41b, 0x1d428, 0x1d425, 0x1d41d)],
  ])('are not seen in %s', (_what, text) => {
    expect(findingsOf(text)).toEqual([]);
  });

  it('are no finding where the source has as many, and weigh little where nothing runs', () => {
    const word = `p${at(0x430)}y`;
    expect(findingsOf(`${word} `, { rebuilt: word })).toEqual([]);
    expect(findingsOf(`${word} ${word}`, { rebuilt: word })[0]?.evidence).toMatchObject({ places: 1 });
    expect(findingsOf(word, { role: 'read-by-people' })[0]?.severity).toBe('low');
  });

  it('are counted in a file of nothing else, at once', () => {
    const [finding] = findingsOf(at(0x430).repeat(2_000_000) + `a${at(0x430)}`.repeat(500_000));
    expect(finding?.kind).toBe('homoglyph');
  });
});

describe('a compiled program', () => {
  const elf = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]);

  it.each([
    ['ELF', elf],
    ['Windows', Buffer.from('MZ\u0090\0\u0003\0\0\0', 'latin1')],
    ['WebAssembly', Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ])('of %s is found, whatever it is called', (_what, content) => {
    const [finding, ...others] = findingsOf(content, { kind: 'added', rebuilt: null, path: 'logo.png' });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'native-program', severity: 'high', path: 'logo.png' });
  });

  it('is no text that begins like one', () => {
    expect(findingsOf('MZ is how they begin')).toEqual([]);
  });
});
