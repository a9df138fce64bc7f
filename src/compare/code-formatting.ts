import type { Content } from '../model/artifact.ts';
import { MAX_SCRIPT_BYTES, parseScript, type ParseResult } from './script.ts';
import { textOf } from './utf8.ts';

interface Place {
  readonly start?: number | null;
  readonly end?: number | null;
}

/** What formatters put in, leave out or exchange; the backslash is that of a quote within quotes. */
const FORMATTING = /[ \t\r\n;,()'"\\]+/g;
/** White space beyond what a formatter leaves would be a place to keep things. */
const ODD_SPACE = /[ \t](?=\r?$)|\r(?!\n)|(?:\r?\n){4}|[ \t]{200}/m;
/** Where a node is and how it was written, not what it is. */
const NOT_COMPARED = new Set([
  'start',
  'end',
  'loc',
  'range',
  'extra',
  'errors',
  'comments',
  'tokens',
  'leadingComments',
  'trailingComments',
  'innerComments',
]);

/**
 * Whether two scripts are the same program and the same comments, formatted otherwise: white space, semicolons, trailing
 * commas, parentheses without effect, the kind of quotes, and the order of the names in one import or export. Both must parse
 * to the same syntax tree, and every comment must stand between the same text.
 *
 * @param path tells the language
 */
export function sameCode(published: Content, rebuilt: Content, path: string): boolean {
  if (published.length > MAX_SCRIPT_BYTES || rebuilt.length > MAX_SCRIPT_BYTES) return false;
  const [ours, theirs] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  if (ours === null || theirs === null || ODD_SPACE.test(ours)) return false;
  const [ourWords, theirWords] = [wordsOf(ours), wordsOf(theirs)];
  if (ourWords === theirWords) return sameProgram(ours, theirs, path);
  if (ourWords.length !== theirWords.length) return false;
  const [ourSorted, theirSorted] = [withSortedNames(ours, path), withSortedNames(theirs, path)];
  return wordsOf(ourSorted) === wordsOf(theirSorted) && sameProgram(ourSorted, theirSorted, path);
}

function wordsOf(text: string): string {
  return text.replace(FORMATTING, '');
}

/**
 * The names within each import and each export in the order of their text: a module is the same in any. A declaration with a
 * comment in it is left as it is, and so is a script that cannot be read.
 */
function withSortedNames(text: string, path: string): string {
  const tree = parseScript(text, path);
  const comments = tree?.comments ?? [];
  let [sorted, end, next] = ['', 0, 0];
  for (const declaration of tree?.program.body ?? []) {
    if (declaration.type !== 'ImportDeclaration' && declaration.type !== 'ExportNamedDeclaration') continue;
    // Both are in the order of the text.
    while (startOf(comments[next]) < startOf(declaration)) next += 1;
    if (startOf(comments[next]) < (declaration.end ?? 0)) continue;
    // What is imported as a whole has a place of its own.
    const places = declaration.specifiers.filter(
      ({ type }) => type === 'ImportSpecifier' || type === 'ExportSpecifier',
    );
    const names = places.map((place) => textAt(text, place)).sort();
    for (const [index, place] of places.entries()) {
      sorted += text.slice(end, place.start ?? 0) + (names[index] ?? '');
      end = place.end ?? 0;
    }
  }
  return sorted + text.slice(end);
}

function sameProgram(ours: string, theirs: string, path: string): boolean {
  const ourTree = parseScript(ours, path);
  const theirTree = ourTree === null ? null : parseScript(theirs, path);
  return (
    ourTree !== null &&
    theirTree !== null &&
    sameTree(ourTree, theirTree) &&
    commentsOf(ours, ourTree) === commentsOf(theirs, theirTree)
  );
}

function textAt(text: string, { start, end }: Place): string {
  return text.slice(start ?? 0, end ?? 0);
}

/** Of no place it is after all text. */
function startOf(place: Place | undefined): number {
  return place === undefined ? Infinity : (place.start ?? 0);
}

/** Every comment with single spaces, and how much text stands before it that no formatter changes. */
function commentsOf(text: string, { comments }: ParseResult): string {
  let [end, before] = [0, 0];
  const placed = (comments ?? []).map(({ type, value, start, end: next }) => {
    before += wordsOf(text.slice(end, start ?? 0)).length;
    end = next ?? 0;
    return [type, before, value.replaceAll(/\s+/g, ' ').trim()];
  });
  return JSON.stringify(placed);
}

/** Whether two syntax trees are equal but for places and ways of writing; a loop, since trees may be deep. */
function sameTree(ours: object, theirs: object): boolean {
  const pairs: [unknown, unknown][] = [[ours, theirs]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [one, other] = pair;
    if (!isObject(one) || !isObject(other)) {
      if (!Object.is(one, other)) return false;
      continue;
    }
    const keys = keysOf(one);
    if (keys.length !== keysOf(other).length || Array.isArray(one) !== Array.isArray(other)) return false;
    if (namesFunction(one) !== namesFunction(other)) return false;
    for (const key of keys) {
      if (!Object.hasOwn(other, key)) return false;
      pairs.push([one[key], other[key]]);
    }
  }
  return true;
}

/** `f = () => {}` gives the function a name, `(f) = () => {}` does not. */
function namesFunction({ type, left }: Readonly<Record<string, unknown>>): boolean {
  const extra = type === 'AssignmentExpression' && isObject(left) ? left['extra'] : null;
  return !isObject(extra) || extra['parenthesized'] !== true;
}

function keysOf(node: object): readonly string[] {
  return Object.keys(node).filter((key) => !NOT_COMPARED.has(key));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
