import { visible } from '../published/visible.ts';
import { type Style, styleFor } from './style.ts';
import { wrap } from './wrap.ts';

/** Columns of the labels on the left. */
export const LABEL = 9;
export const INDENT: string = ' '.repeat(2 + LABEL + 1);
const MOST_CHARACTERS = 1200;

/** How a text is to be drawn. */
export interface TextOptions {
  readonly color: boolean;
  /** Columns at which prose is broken. */
  readonly width: number;
  /** Variables that are left out where steps are shown, when they have these values. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Canvas {
  readonly style: Style;
  readonly width: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Lines that belong together. */
export type Block = readonly string[];

export function canvasOf({ color, width, environment = {} }: TextOptions): Canvas {
  return { style: styleFor(color), width, environment };
}

/** Blocks as one text, with an empty line between those that are not empty. */
export function joined(blocks: readonly Block[]): string {
  const texts = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${texts.join('\n\n')}\n`;
}

/** Text from outside as prose: no control characters, and no runs of spaces that could be broken into lines of their own. */
export function oneLine(text: string): string {
  const plain = visible(text.replaceAll(/\s+/g, ' '));
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}...` : plain;
}

/** A label and its text, broken into lines below each other. */
export function labelled(label: string, text: string, { style, width }: Canvas): readonly string[] {
  const [first = '', ...rest] = wrap(oneLine(text), width - INDENT.length);
  return [`  ${style.dim(label.padEnd(LABEL))} ${first}`, ...rest.map((line) => `${INDENT}${line}`)];
}

/** A label and a text that is shown as it stands, however long: one that is to be copied. */
export function verbatim(label: string, text: string, { style }: Canvas): string {
  return `  ${style.dim(label.padEnd(LABEL))} ${visible(text)}`;
}
