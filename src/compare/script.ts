import { parse, type ParseResult, type ParserOptions } from '@babel/parser';

export type { ParseResult };

/** Bytes; a script beyond is not parsed: a tree takes some two hundred times its text. */
export const MAX_SCRIPT_BYTES = 4 * 1024 * 1024;

const SCRIPT_NAME = /\.[cm]?[jt]s$/;

/** Whether a path is one of JavaScript or TypeScript without JSX. */
export function isScriptName(path: string): boolean {
  return SCRIPT_NAME.test(path);
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
  // Comments of HTML, which scripts have and modules have not (ECMAScript, B.1.1).
  if (text.includes('<!--') || /^\s*-->/m.test(text)) return null;
  const options: ParserOptions = {
    sourceType: 'unambiguous',
    allowReturnOutsideFunction: true,
    tokens,
    plugins: /\.[cm]?ts$/.test(path) ? [['typescript', { dts: /\.d\.[cm]?ts$/.test(path) }]] : [],
  };
  try {
    return parse(text, options);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
