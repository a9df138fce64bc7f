import { parse, type ParseResult, type ParserOptions } from '@babel/parser';

export type { ParseResult };

/** Bytes; a script beyond is not parsed: a tree takes some two hundred times its text. */
export const MAX_SCRIPT_BYTES = 4 * 1024 * 1024;

const SCRIPT_NAME = /\.[cm]?[jt]s$/;

/** Whether a path is one of JavaScript or TypeScript without JSX. */
export function isScriptName(path: string): boolean {
  return SCRIPT_NAME.test(path);
}

/** Comments of HTML, which scripts have and modules have not (ECMAScript, B.1.1). */
const HTML_COMMENT = /<!--|-->/g;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The end of one counts at the beginning of a line only: elsewhere it is two operators. */
function htmlMarks(text: string): readonly Range[] {
  return [...text.matchAll(HTML_COMMENT)].flatMap(({ index: start, 0: mark }) =>
    mark === '<!--' || beginsLine(text, start) ? [{ start, end: start + mark.length }] : [],
  );
}

function beginsLine(text: string, index: number): boolean {
  let before = index - 1;
  while (/[^\S\n\r\u2028\u2029]/.test(text.charAt(before))) before -= 1;
  return before < 0 || /\s/.test(text.charAt(before));
}

/** Whether marks stand within literals and other comments: no operator is as long, and a comment of HTML begins with its mark. */
function areQuoted(marks: readonly Range[], { tokens, comments }: ParseResult): boolean {
  if (marks.length === 0) return true;
  const literals = (tokens as readonly (Range & { readonly type: unknown })[]).filter(
    ({ type, start, end }) => end > start && type !== 'CommentLine' && type !== 'CommentBlock',
  );
  const inner = (comments ?? []).map(({ start, end }) => ({ start: (start ?? 0) + 1, end: end ?? 0 }));
  const ranges = [...literals, ...inner].sort((one, other) => one.end - other.end);
  let at = 0;
  return marks.every(({ start, end }) => {
    while ((ranges[at]?.end ?? end) < end) at += 1;
    return (ranges[at]?.start ?? end) <= start;
  });
}

/**
 * The syntax tree and comments of a script that can be read in one way only; null for any other text, and for one that is
 * nested more deeply than the stack. Nothing of it is run.
 *
 * @param path tells the language
 * @param options.tokens whether its tokens are wanted as well; default no
 */
export function parseScript(
  text: string,
  path: string,
  { tokens = false }: { readonly tokens?: boolean } = {},
): ParseResult | null {
  const marks = htmlMarks(text);
  const options: ParserOptions = {
    sourceType: 'unambiguous',
    allowReturnOutsideFunction: true,
    tokens: tokens || marks.length > 0,
    plugins: /\.[cm]?ts$/.test(path) ? [['typescript', { dts: /\.d\.[cm]?ts$/.test(path) }]] : [],
  };
  try {
    const parsed = parse(text, options);
    return areQuoted(marks, parsed) ? parsed : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
