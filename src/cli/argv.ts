import { InvalidArgumentError } from 'commander';

const WORD = /"([^"]*)"|'([^']*)'|([^\s"']+)/gy;

/**
 * The program and its arguments in one option: words with white space between them, those that have some inside in quotes. It is
 * never read by a shell: nothing else has a meaning.
 */
export function argvOf(text: string): [string, ...string[]] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const word = takeWord(rest);
    if (word === null) throw new InvalidArgumentError('A quote in it is not closed.');
    words.push(word.value);
    rest = rest.slice(word.length).trimStart();
  }
  const [program, ...others] = words;
  if (program === undefined) throw new InvalidArgumentError('It must name a program.');
  return [program, ...others];
}

/** The first word of a text, whose parts may be in quotes; null when a quote is not closed. */
function takeWord(text: string): { readonly value: string; readonly length: number } | null {
  let value = '';
  let at = 0;
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    if (found === null) return null;
    value += found[1] ?? found[2] ?? found[3] ?? '';
    at = WORD.lastIndex;
  }
  return { value, length: at };
}
