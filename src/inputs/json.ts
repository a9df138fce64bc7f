import { createScanner, type ParseError, parseTree, printParseErrorCode, visit } from 'jsonc-parser';
import { z } from 'zod';
import { countNames, repeatedName } from '../strict-json.ts';
import { Unreadable } from './format.ts';

/** Levels of nesting; what package managers write has at most dozens. */
const DEEPEST = 400;
const SEPARATOR = '\u0000';

/** A table of anything, taken as it is: reading each of its members is up to whoever knows what they are. */
export const Table = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Invalid input: expected object',
);

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
  if (countNames(plain) !== keys) throw doubled(plain);
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

function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const note = (line: number, path: readonly (string | number)[]) => {
    const place = path.join(SEPARATOR);
    // A member's line is that of its key, which comes before its value.
    if (!lines.has(place)) lines.set(place, line + 1);
  };
  visit(text, {
    onObjectBegin: (...[, , line, , path]) => note(line, path()),
    onArrayBegin: (...[, , line, , path]) => note(line, path()),
    onObjectProperty: (name, ...[, , line, , path]) => note(line, [...path(), name]),
  });
  return lines;
}

function doubled(text: string): Unreadable {
  const twice = repeatedName(text);
  const key = twice === null ? 'A key' : `The key ${JSON.stringify(twice.name)}`;
  return new Unreadable(`${key} is there twice in one object.`, twice && lineAt(text, twice.offset));
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
