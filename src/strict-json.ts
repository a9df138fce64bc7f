/**
 * The first name that some object of a JSON text holds twice; null when none does. JSON leaves open which of the two counts (RFC
 * 8259, 4): JSON.parse takes the last one, other readers the first, or neither. What is signed must not mean two things.
 *
 * @param text one that JSON.parse reads
 */
export function repeatedName(text: string): string | null {
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
      if (names.has(name)) return name;
      names.add(name);
    }
    at = end - 1;
  }
  return null;
}

/** Where the string that begins at an offset ends, its quotes included. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}

function isName(text: string, end: number): boolean {
  let at = end;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}
