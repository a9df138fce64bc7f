/** A name that an object holds twice. */
export interface RepeatedName {
  readonly name: string;
  /** Where the second one begins, UTF-16 units from the start of the text. */
  readonly offset: number;
}

/**
 * The first name that some object of a JSON text holds twice; null when none does. JSON leaves open which of the two counts (RFC
 * 8259, 4): JSON.parse takes the last one, other readers the first, or neither. What decides must not mean two things.
 *
 * @param text one that JSON.parse reads
 */
export function repeatedName(text: string): RepeatedName | null {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(null);
    else if (char === '}' || char === ']') open.pop();
    if (char !== '"') continue;
    const end = endOfString(text, at);
    const names = open.at(-1);
    if (names != null && isName(text, end)) {
      const name = JSON.parse(text.slice(at, end)) as string;
      if (names.has(name)) return { name, offset: at };
      names.add(name);
    }
    at = end - 1;
  }
  return null;
}

/** How many names the objects of a JSON text hold, each as often as it is there: strings with a colon behind them. */
export function countNames(text: string): number {
  let names = 0;
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = endOfString(text, start);
    if (isName(text, end)) names += 1;
    start = text.indexOf('"', end);
  }
  return names;
}

/** Where the string that begins at an offset ends, its quotes included. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

function isName(text: string, end: number): boolean {
  let at = end;
  while (SPACE.has(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** RFC 8259, section 2. */
const SPACE: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09]);
