import { createScanner, type ParseError, parseTree, printParseErrorCode, visit } from 'jsonc-parser';
import { Unreadable } from './format.ts';

/** Levels of nesting; what package managers write has at most dozens. */
const DEEPEST = 400;
const SEPARATOR = '\u0000';

/** A JSON text with the lines of its objects and lists. */
export interface JsonText {
  readonly value: unknown;
  /** The line at which the member, or the element, at the end of a path begins, from 1. */
  lineOf(path: readonly (string | number)[]): number;
}

/**
 * Reads JSON, also with comments and with commas behind last elements, as some package managers write it.
 *
 * @throws Unreadable for what is none, and for a key that an object has twice: readers would differ in which one counts
 */
export function parseJson(text: string): JsonText {
  const { plain, value } = parsed(text);
  const { keys, deepest } = measure(value);
  if (deepest > DEEPEST) throw new Unreadable(`It is nested more than ${DEEPEST} levels deep.`);
  // Cheaper than looking for doubles in every object: a value has fewer keys than its text exactly when some are doubled.
  if (keysIn(plain) !== keys) throw doubled(plain);
  let lines: ReadonlyMap<string, number> | null = null;
  return {
    value,
    lineOf(path) {
      lines ??= linesOf(plain);
      return lines.get(path.join(SEPARATOR)) ?? 1;
    },
  };
}

function parsed(text: string): { readonly plain: string; readonly value: unknown } {
  try {
    return { plain: text, value: JSON.parse(text) };
  } catch {
    const plain = withoutExtras(text);
    try {
      return { plain, value: JSON.parse(plain) };
    } catch {
      throw broken(plain);
    }
  }
}

/** Comments and commas behind last elements become spaces, so that every place stays where it is. */
function withoutExtras(text: string): string {
  const scanner = createScanner(text, false);
  const blanks: [from: number, to: number][] = [];
  let comma: number | null = null;
  // A token is told by how it begins: the library's names for them exist only while it is compiled.
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const from = scanner.getTokenOffset();
    const first = text.charAt(from);
    if (/\s/.test(first)) continue;
    if (first === '/') {
      blanks.push([from, from + scanner.getTokenLength()]);
      continue;
    }
    if ((first === '}' || first === ']') && comma !== null) blanks.push([comma, comma + 1]);
    comma = first === ',' ? from : null;
  }
  blanks.sort(([a], [b]) => a - b);
  const parts: string[] = [];
  let at = 0;
  for (const [from, to] of blanks) {
    parts.push(text.slice(at, from), text.slice(from, to).replaceAll(/[^\n\r]/g, ' '));
    at = to;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** Iterative: depth comes from outside. */
function measure(value: unknown): { readonly keys: number; readonly deepest: number } {
  let keys = 0;
  let deepest = 0;
  const open: unknown[] = [value];
  const depths: number[] = [0];
  while (open.length > 0) {
    const one = open.pop();
    const depth = depths.pop() ?? 0;
    if (typeof one !== 'object' || one === null) continue;
    deepest = Math.max(deepest, depth);
    const inner: unknown[] = Object.values(one);
    if (!Array.isArray(one)) keys += inner.length;
    for (const part of inner) {
      if (typeof part !== 'object') continue;
      open.push(part);
      depths.push(depth + 1);
    }
  }
  return { keys, deepest };
}

/** How many keys a text has that is known to be JSON: strings with a colon behind them. */
function keysIn(text: string): number {
  let keys = 0;
  for (let open = text.indexOf('"'); open !== -1;) {
    let close = text.indexOf('"', open + 1);
    while (isEscaped(text, close)) close = text.indexOf('"', close + 1);
    let next = close + 1;
    while (isSpace(text.charCodeAt(next))) next += 1;
    if (text.charCodeAt(next) === 0x3a) keys += 1;
    open = text.indexOf('"', next);
  }
  return keys;
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1;
  while (text.charCodeAt(before) === 0x5c) before -= 1;
  return (quote - before) % 2 === 0;
}

/** RFC 8259, section 2. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const note = (line: number, path: readonly (string | number)[]) => {
    const place = path.join(SEPARATOR);
    // A member's line is that of its key, which comes before its value.
    if (!lines.has(place)) lines.set(place, line + 1);
  };
  visit(text, {
    onObjectBegin: (_offset, _length, line, _character, path) => note(line, path()),
    onArrayBegin: (_offset, _length, line, _character, path) => note(line, path()),
    onObjectProperty: (name, _offset, _length, line, _character, path) => note(line, [...path(), name]),
  });
  return lines;
}

function doubled(text: string): Unreadable {
  const open: Set<string>[] = [];
  let found: Unreadable | null = null;
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (name, _offset, _length, line) => {
      if (open.at(-1)?.has(name) === true)
        found ??= new Unreadable(`The key ${JSON.stringify(name)} is there twice in one object.`, line + 1);
      open.at(-1)?.add(name);
    },
  });
  return found ?? new Unreadable('A key is there twice in one object.');
}

function broken(text: string): Unreadable {
  const errors: ParseError[] = [];
  if (!isTooDeep(text)) parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return new Unreadable('It is no complete JSON.');
  const line = lineAt(text, first.offset);
  const ends = first.offset >= text.trimEnd().length;
  const what = ends ? 'It ends in the middle' : `It is no JSON (${printParseErrorCode(first.error)})`;
  return new Unreadable(`${what}.`, line);
}

/** The library that finds the place of an error calls itself for each level. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const { 0: bracket } of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** The line, from 1, of a place in a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
