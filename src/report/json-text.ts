/** What a terminal follows or nobody sees; JSON.stringify escapes only the controls below U+0020 and lone surrogates. */
const UNSAFE =
  /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e01ef}]/gu;

/**
 * A document as JSON, indented by two, with a final line feed. Controls and invisible characters, which only strings can hold,
 * are escaped (RFC 8259, section 7): the value is the same, and a terminal shows it and does nothing else.
 */
export function jsonText(document: unknown): string {
  return `${safe(JSON.stringify(document, null, 2))}\n`;
}

/** The same on one line. */
export function jsonLine(document: unknown): string {
  return `${safe(JSON.stringify(document))}\n`;
}

function safe(json: string): string {
  return json.replaceAll(UNSAFE, (character) =>
    // In UTF-16 units, as JSON escapes are.
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
