import { visible } from '../published/visible.ts';

const MOST_TEXT = 1_000;
/** A pull-request comment takes 65,536 characters. */
const MOST_CHARACTERS = 60_000;

/** Blocks as one text that fits a pull-request comment. */
export function comment(blocks: readonly string[]): string {
  const whole: string[] = [];
  let length = 0;
  for (const block of blocks) {
    length += block.length + 2;
    if (length > MOST_CHARACTERS)
      return `${[...whole, 'The rest is left out; the JSON document has it.'].join('\n\n')}\n`;
    whole.push(block);
  }
  return `${whole.join('\n\n')}\n`;
}

/** Text from outside as a code span (CommonMark 0.31, section 6.1). */
export function span(text: string): string {
  const plain = cut(visible(text.replaceAll(/\s+/g, ' ')));
  const ticks = '`'.repeat(longestRun(plain) + 1);
  const pad = plain.startsWith('`') || plain.endsWith('`') || plain === '' ? ' ' : '';
  return `${ticks}${pad}${plain}${pad}${ticks}`;
}

/** A sentence of ours that may quote text from outside: every character of markup is escaped, and nobody is mentioned. */
export function prose(text: string): string {
  const plain = cut(visible(text.replaceAll(/\s+/g, ' ')));
  return plain
    .replaceAll(/[\\`*_{}[\]<>()#+!|~^$&-]/g, '\\$&')
    .replaceAll('@', '@\u2060')
    .replaceAll(/\b(https?|ftp|www)(?=[:.])/gi, '$1\u2060');
}

/** The most backticks in a row. */
export function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text;
}
