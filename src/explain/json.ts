import { withoutSpace } from '../compare/json-formatting.ts';
import { textOf } from '../compare/utf8.ts';
import { visible } from '../published/visible.ts';

/** What differs in the data of two JSON files. */
export interface DataExplanation {
  /** How many values differ, 10,000 at most; 0: the same data, written differently. */
  readonly total: number;
  /** The first of them. */
  readonly changes: readonly DataChange[];
  /** Whether a text holds more than a reader takes from it: a key twice, a number or an escape in another form. */
  readonly oddlyWritten: boolean;
}

export interface DataChange {
  /** `order`: the same keys in another order, which some readers go by. */
  readonly kind: 'added' | 'removed' | 'changed' | 'order';
  /** As in `$.a.b[3]`; of an element that was removed, its place in the rebuilt list. Safe to print. */
  readonly path: string;
  /** JSON, cut and safe to print; null where there is none. */
  readonly published: string | null;
  readonly rebuilt: string | null;
}

const MOST_CHANGES = 10_000;
const MOST_SHOWN = 20;
/** Lists and objects within each other; more is nested to hurt its reader. */
const MOST_DEPTH = 200;
const MOST_PATH = 200;
const MOST_VALUE = 120;

/** Whether a path is one of JSON data. */
export function isJsonName(path: string): boolean {
  return /\.(?:json|map|webmanifest)$/i.test(path);
}

/**
 * Compares two JSON texts value by value. Null where a side is no JSON; in words where it is nested too deeply to be read.
 */
export function explainJson(
  published: Uint8Array,
  rebuilt: Uint8Array,
): DataExplanation | { readonly unread: string } | null {
  const [ours, theirs] = [parsed(published), parsed(rebuilt)];
  if (ours === null || theirs === null) return null;
  if (isTooDeep(ours.value) || isTooDeep(theirs.value))
    return { unread: `it is nested more than ${MOST_DEPTH} deep` };
  const changes: Found[] = [];
  compare({ path: '$', published: ours.value, rebuilt: theirs.value }, changes);
  return {
    total: changes.length,
    changes: changes.slice(0, MOST_SHOWN).map(shown),
    oddlyWritten: !isPlain(ours) || !isPlain(theirs),
  };
}

interface Parsed {
  readonly text: string;
  readonly value: unknown;
}

function parsed(bytes: Uint8Array): Parsed | null {
  const text = textOf(bytes);
  if (text === null) return null;
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/** Whether the text says nothing that is not in its value. */
function isPlain({ text, value }: Parsed): boolean {
  return withoutSpace(text) === JSON.stringify(value);
}

/** Without recursion: the stack is what it guards. */
function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= MOST_DEPTH; depth += 1) {
    level = level.flatMap((one) => (isHolder(one) ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}

type Holder = Readonly<Record<string, unknown>> | readonly unknown[];

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null;
}

interface Pair {
  readonly path: string;
  readonly published: unknown;
  readonly rebuilt: unknown;
}

interface Found extends Pair {
  readonly kind: DataChange['kind'];
}

function compare(pair: Pair, changes: Found[]): void {
  const { published, rebuilt } = pair;
  if (changes.length >= MOST_CHANGES || isSame(published, rebuilt)) return;
  if (Array.isArray(published) && Array.isArray(rebuilt)) {
    compareLists({ path: pair.path, published, rebuilt }, changes);
  } else if (isRecord(published) && isRecord(rebuilt)) {
    compareRecords({ path: pair.path, published, rebuilt }, changes);
  } else changes.push({ ...pair, kind: 'changed' });
}

type Table = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Table {
  return isHolder(value) && !Array.isArray(value);
}

function compareRecords(
  { path, published, rebuilt }: { readonly path: string; readonly published: Table; readonly rebuilt: Table },
  changes: Found[],
): void {
  const [ours, theirs] = [Object.keys(published), Object.keys(rebuilt)];
  const common = ours.filter((key) => Object.hasOwn(rebuilt, key));
  const theirOrder = theirs.filter((key) => Object.hasOwn(published, key));
  if (common.some((key, index) => key !== theirOrder[index]))
    changes.push({ kind: 'order', path, published: common, rebuilt: theirOrder });
  for (const key of ours) {
    if (changes.length >= MOST_CHANGES) return;
    const place = `${path}${member(key)}`;
    const value = published[key];
    if (!Object.hasOwn(rebuilt, key))
      changes.push({ kind: 'added', path: place, published: value, rebuilt: undefined });
    else compare({ path: place, published: value, rebuilt: rebuilt[key] }, changes);
  }
  for (const key of theirs.filter((one) => !Object.hasOwn(published, one))) {
    changes.push({
      kind: 'removed',
      path: `${path}${member(key)}`,
      published: undefined,
      rebuilt: rebuilt[key],
    });
  }
}

function compareLists(
  {
    path,
    published,
    rebuilt,
  }: { readonly path: string; readonly published: readonly unknown[]; readonly rebuilt: readonly unknown[] },
  changes: Found[],
): void {
  const most = Math.min(published.length, rebuilt.length);
  let start = 0;
  while (start < most && isSame(published[start], rebuilt[start])) start += 1;
  let end = 0;
  while (end < most - start && isSame(published.at(-1 - end), rebuilt.at(-1 - end))) end += 1;
  const [ours, theirs] = [
    published.slice(start, published.length - end),
    rebuilt.slice(start, rebuilt.length - end),
  ];
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const pair = { path: `${path}[${start + index}]`, published: ours[index], rebuilt: theirs[index] };
    if (index >= theirs.length) changes.push({ ...pair, kind: 'added' });
    else if (index >= ours.length) changes.push({ ...pair, kind: 'removed' });
    else compare(pair, changes);
    if (changes.length >= MOST_CHANGES) return;
  }
}

/** Whether two values are the same, with their keys in the same order. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isHolder(one) || !isHolder(other)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ours, theirs] = [Object.entries(one), Object.entries(other)];
  return (
    ours.length === theirs.length &&
    ours.every(([key, value], index) => key === theirs[index]?.[0] && isSame(value, theirs[index]?.[1]))
  );
}

function member(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function shown({ kind, path, published, rebuilt }: Found): DataChange {
  return {
    kind,
    path: visible(cut(path, MOST_PATH)),
    published: asText(published),
    rebuilt: asText(rebuilt),
  };
}

function asText(value: unknown): string | null {
  return value === undefined ? null : visible(cut(JSON.stringify(value), MOST_VALUE));
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}
