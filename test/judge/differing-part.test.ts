import { describe, expect, it } from 'vitest';
import { differingPart } from '../../src/judge/differing-part.ts';
import { hiddenText } from '../../src/judge/hidden-text.ts';
import { homoglyphs } from '../../src/judge/homoglyphs.ts';

const part = (published: string, rebuilt: string) => {
  const { start, ...sides } = differingPart(Buffer.from(published), Buffer.from(rebuilt));
  const [ours, theirs] = [sides.published, sides.rebuilt].map((side) =>
    Buffer.from(side.subarray()).toString(),
  );
  return [start, ours, theirs];
};

describe('the part in which two files differ', () => {
  it.each([
    ['a word that is another', 'one two three', 'one 2 three', [4, 'two ', '2 ']],
    ['a word that is longer', 'one two three', 'one tw three', [4, 'two ', 'tw ']],
    ['something more', 'a b', 'a x b', [2, 'b', 'x b']],
    ['something less', 'a x b', 'a b', [2, 'x b', 'b']],
    ['what is there twice', 'a; a; b', 'a; b', [3, 'a; b', 'b']],
    ['an end that is missing', 'one two', 'one', [0, 'one two', 'one']],
    ['nothing', 'the same.', 'the same.', [9, '', '']],
    ['everything', 'a', 'b', [0, 'a', 'b']],
    ['a letter of several bytes', 'x é y', 'x è y', [2, 'é ', 'è ']],
  ])('is cut between words: %s', (_what, published, rebuilt, expected) => {
    expect(part(published, rebuilt)).toEqual(expected);
  });

  it('is found beyond a mebibyte', () => {
    const long = 'word '.repeat(400_000);
    expect(part(`${long}a ${long}`, `${long}b ${long}`)).toEqual([long.length, 'a ', 'b ']);
  });

  it('is all of them where there is nowhere to cut', () => {
    const long = 'w'.repeat(100_000);
    expect(part(`${long}a${long}`, `${long}b${long}`)).toEqual([0, `${long}a${long}`, `${long}b${long}`]);
  });

  it('has as much more of what is hidden as the whole has', () => {
    const run = (length: number) => String.fromCodePoint(...Array.from({ length }, () => 0x200b));
    const pieces = [run(4), run(5), 'pаypal', 'раypal', 'word', ' ', ';', 'é', '\u202e'];
    let seed = 7;
    const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const text = (length: number) => Array.from({ length }, () => pieces[next(pieces.length)]).join('');
    for (let round = 0; round < 2_000; round += 1) {
      const [before, after] = [text(next(8)), text(next(8))];
      const [ours, theirs] = [text(next(6)), text(next(6))].map((one) => Buffer.from(before + one + after));
      if (ours === undefined || theirs === undefined) throw new Error('two sides');
      const { published, rebuilt } = differingPart(ours, theirs);
      expect(hiddenText(published, rebuilt)?.places).toBe(hiddenText(ours, theirs)?.places);
      expect(homoglyphs(published, rebuilt)?.places).toBe(homoglyphs(ours, theirs)?.places);
    }
  });
});
