/**
 * Characters that a reader cannot see or that change how others are shown: controls, bidi and zero-width characters
 * (Cf), line separators, private use, unassigned, everything Unicode calls default-ignorable (variation selectors,
 * tags, fillers), the blank Braille pattern, and every space but U+0020.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/** A run of letters and digits: the unit in which scripts are not mixed honestly. */
const WORD = /[\p{L}\p{N}_$]+/gu;
/** Letters that are drawn like Latin ones (Unicode UTS 39 confusables), and Latin's mathematical and wide forms. */
const LOOKALIKE =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}\u{1d400}-\u{1d7ff}\uff21-\uff3a\uff41-\uff5a]/gu;

export interface VisibleOptions {
  /** Leaves line feeds and tabs as they are; for texts of more than one line. */
  readonly keepLines?: boolean;
}

/**
 * Text as it can be printed safely: every invisible, reordering or control character, and every letter that imitates a
 * Latin one inside a Latin word, becomes `<U+XXXX>`. Used for everything printed that came from an archive.
 */
export function visible(text: string, options: VisibleOptions = {}): string {
  const shown = text.replace(INVISIBLE, (character) =>
    options.keepLines === true && (character === '\n' || character === '\t')
      ? character
      : codePoint(character),
  );
  return shown.replace(WORD, (word) => (/[a-zA-Z]/.test(word) ? word.replace(LOOKALIKE, codePoint) : word));
}

function codePoint(character: string): string {
  const value = character.codePointAt(0) ?? 0;
  return `<U+${value.toString(16).toUpperCase().padStart(4, '0')}>`;
}
