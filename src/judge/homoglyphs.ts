import type { Content } from '../model/artifact.ts';
import { piecesBeyondAscii } from './pieces.ts';
import { surplusOf } from './surplus.ts';

/** Bytes; what stands beyond is not looked through. */
const MOST_BYTES = 64 * 1024 * 1024;
/** UTF-16 units of a word on either side of the letter. */
const MOST_BESIDE = 64;

/** Cyrillic and Greek letters that are drawn as Latin ones are (Unicode UTS 39, confusables.txt), and these. */
const LETTERS =
  'аa еe оo рp сc уy хx ѕs іi јj һh ԁd ԛq ԝw ӏl гr АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ЅS ІI ЈJ ҮY ԚQ ԜW ' +
  'αa γy ιi νv οo ρp υu ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX';
const LATIN = new Map(LETTERS.split(' ').map((pair) => [pair.slice(0, 1), pair.slice(1)]));
/** One of them, or Latin's mathematical and wide forms, which normalization (NFKC, UAX 15) makes plain. */
const LOOKALIKE = new RegExp(
  `[${[...LATIN.keys()].join('')}\\u{1d400}-\\u{1d7ff}\\uff21-\\uff3a\\uff41-\\uff5a]`,
  'gu',
);
const PART_OF_WORD = /[\p{L}\p{N}_$\ud800-\udfff]/u;
const LATIN_LETTER = /[A-Za-z]/;
const OTHER_LETTER = /[^\p{Script=Latin}\P{L}]/u;

/** Words that only the published file has, in which letters are not what they look like. */
export interface Homoglyphs {
  readonly places: number;
  /** The first of them. */
  readonly word: string;
  readonly readsAs: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/**
 * Words of Latin letters with one among them that only looks like one, which the rebuilt file does not have as often. A word
 * that has any other letter besides is another language's, and is left alone. Null when there are none.
 */
export function homoglyphs(published: Content, rebuilt: Content | null): Homoglyphs | null {
  const theirs = rebuilt === null ? [] : mixedWordsOf(rebuilt);
  const surplus = surplusOf(mixedWordsOf(published), theirs, ({ word }) => word);
  if (surplus === null) return null;
  const { places, first } = surplus;
  return { places, word: first.word, readsAs: first.readsAs, offset: first.offset() };
}

interface Mixed extends Pick<Homoglyphs, 'word' | 'readsAs'> {
  /** Costs a look at all that stands before it in its piece. */
  offset(): number;
}

function* mixedWordsOf(content: Content): Generator<Mixed> {
  for (const { start, bytes } of piecesBeyondAscii(content, { most: MOST_BYTES })) {
    const text = bytes.toString('utf8');
    for (const { start: at, ...mixed } of mixedWords(text))
      yield { ...mixed, offset: () => start + Buffer.byteLength(text.slice(0, at)) };
  }
}

/** From each look-alike outwards: a pattern for whole words would read long ones again and again. */
function* mixedWords(
  text: string,
): Generator<{ readonly word: string; readonly readsAs: string; readonly start: number }> {
  let last = 0;
  for (const { index, 0: letter } of text.matchAll(LOOKALIKE)) {
    if (index < last) continue;
    let start = index;
    while (start > last && index - start < MOST_BESIDE && PART_OF_WORD.test(text[start - 1] ?? ''))
      start -= 1;
    let end = index + letter.length;
    while (end < text.length && end - index < MOST_BESIDE && PART_OF_WORD.test(text[end] ?? '')) end += 1;
    last = end;
    const word = text.slice(start, end).toWellFormed();
    const readsAs = word.replaceAll(LOOKALIKE, (one) => LATIN.get(one) ?? one.normalize('NFKC'));
    if (LATIN_LETTER.test(word) && !OTHER_LETTER.test(readsAs)) yield { word, readsAs, start };
  }
}
