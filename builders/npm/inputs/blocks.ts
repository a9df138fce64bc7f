import { blocksOfYaml } from './yaml-blocks.ts';

/** One member of a mapping, or one element of a list, of a YAML text. */
export interface Block {
  /** Empty for the elements of lists, and for the text itself. */
  readonly key: string;
  /** From 1. */
  readonly line: number;
  /** Null when it holds others, or nothing, or a text of several lines: none of those is of use. */
  readonly value: string | null;
  readonly children: readonly Block[];
}

/** Said by the quick reader of a text that it does not understand; it may be good YAML all the same. */
class NotPlain extends Error {}

/**
 * Reads YAML as package managers write it into lockfiles: every document, its scalars as texts. Long lockfiles are read line by
 * line, which is much quicker; a text with anything else in it is read as all of YAML.
 *
 * @throws Unreadable for what is no YAML, or has anchors, aliases, tags or a key twice
 */
export function parseBlocks(text: string): readonly Block[] {
  try {
    return plainBlocks(text);
  } catch (thrown) {
    if (thrown instanceof NotPlain) return blocksOfYaml(text);
    throw thrown;
  }
}

/** The member of that name. */
export function member(block: Block | null, key: string): Block | null {
  return block?.children.find((child) => child.key === key) ?? null;
}

/** The text of a member of that name; null when it has none. */
export function textOf(block: Block | null, key: string): string | null {
  return member(block, key)?.value ?? null;
}

interface Open {
  readonly key: string;
  readonly line: number;
  value: string | null;
  readonly children: Open[];
  /** Columns before its key. */
  readonly indent: number;
  /** Whether its value is a text of several lines, which are deeper than its key. */
  isText: boolean;
  /** Columns before the first line of that text. */
  textIndent: number | null;
}

function plainBlocks(text: string): readonly Block[] {
  const root = (): Open => opened({ key: '', line: 1, indent: -1 });
  const documents = [root()];
  let stack = [documents[0] as Open];
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const whole = text.slice(start, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
    start = end + 1;
    line += 1;
    const content = whole.trimStart();
    const indent = whole.length - content.length;
    // Whether a tab divides or belongs to a text depends on where it stands.
    if (whole.includes('\t')) throw new NotPlain();
    if (content === '') {
      // Spaces before the first line of a text count, those elsewhere do not.
      if (whole !== '' && stack.at(-1)?.textIndent === null && stack.at(-1)?.isText) throw new NotPlain();
      continue;
    }
    if (whole === '---') {
      documents.push(root());
      stack = [documents.at(-1) as Open];
      continue;
    }
    while ((stack.at(-1) as Open).indent >= indent) stack.pop();
    const parent = stack.at(-1) as Open;
    if (parent.isText) {
      parent.textIndent ??= indent;
      // All of it is as deep as its first line, or deeper.
      if (indent < parent.textIndent) throw new NotPlain();
      continue;
    }
    if (content.startsWith('#')) continue;
    const child = memberOf(content, { line, indent });
    checkPlace(child, parent);
    parent.children.push(child);
    stack.push(child);
  }
  for (const document of documents) checkKeys(document);
  return documents.filter((one) => one.children.length > 0);
}

function opened(place: Pick<Open, 'key' | 'line' | 'indent'>): Open {
  return { ...place, value: null, children: [], isText: false, textIndent: null };
}

/** What stands deeper than a value continues it, and what stands between two levels is a mistake. */
function checkPlace(child: Open, parent: Open): void {
  const [first] = parent.children;
  const isMixed =
    first !== undefined && (first.indent !== child.indent || (first.key === '') !== (child.key === ''));
  if (isMixed || parent.value !== null) throw new NotPlain();
}

function memberOf(content: string, place: { readonly line: number; readonly indent: number }): Open {
  if (content.startsWith('- ')) return withValue(opened({ key: '', ...place }), content.slice(2).trim());
  const { key, rest } = keyOf(content);
  return withValue(opened({ key, ...place }), rest.trim());
}

function keyOf(content: string): { readonly key: string; readonly rest: string } {
  const quote = content[0];
  if (quote === "'" || quote === '"') {
    const end = endOfQuoted(content, 0);
    if (!/^:(?: |$)/.test(content.slice(end, end + 2))) throw new NotPlain();
    return { key: unquoted(content.slice(0, end)), rest: content.slice(end + 1) };
  }
  const colon = content.indexOf(': ');
  const end = colon === -1 && content.endsWith(':') ? content.length - 1 : colon;
  const key = content.slice(0, end);
  if (end <= 0 || !isPlain(key) || key.trimEnd() !== key) throw new NotPlain();
  return { key, rest: content.slice(end + 1) };
}

function withValue(block: Open, rest: string): Open {
  if (rest === '' || rest.startsWith('#')) return block;
  if (/^[|>][-+]?$/.test(rest)) return Object.assign(block, { isText: true });
  if (rest.startsWith('{') || rest.startsWith('[')) {
    block.children.push(...flow(rest, block.line));
    // Nothing may follow on deeper lines.
    return Object.assign(block, { value: block.children.length === 0 ? '' : null, isText: false });
  }
  return Object.assign(block, { value: scalar(rest) });
}

/** `{a: b, c: d}` or `[a, b]`, of scalars, on one line. */
function flow(text: string, line: number): readonly Open[] {
  const isMap = text.startsWith('{');
  const close = isMap ? '}' : ']';
  if (!text.endsWith(close)) throw new NotPlain();
  const parts: Open[] = [];
  const last = text.length - 1;
  for (let at = 1; at < last;) {
    let key = '';
    if (isMap) {
      const end = endOfFlow(text, at, ': ');
      key = scalar(text.slice(at, end).trim());
      at = end + 1;
    }
    const end = endOfFlow(text, at, ',');
    // Deeper than anything on lines of its own: nothing can be its child.
    parts.push({
      ...opened({ key, line, indent: Number.MAX_SAFE_INTEGER }),
      value: scalar(text.slice(at, end).trim()),
    });
    at = end + 1;
  }
  return parts;
}

/** Where a scalar of a flow ends: before `stop`, or at the end. */
function endOfFlow(text: string, from: number, stop: string): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  const isQuoted = text[at] === "'" || text[at] === '"';
  const found = text.indexOf(stop, isQuoted ? endOfQuoted(text, at) : at);
  if (found !== -1) return found;
  if (stop !== ',') throw new NotPlain();
  return text.length - 1;
}

function scalar(text: string): string {
  if (text.startsWith("'") || text.startsWith('"')) {
    if (endOfQuoted(text, 0) !== text.length) throw new NotPlain();
    return unquoted(text);
  }
  if (!isPlain(text)) throw new NotPlain();
  return text;
}

/** YAML 1.2, section 7.3.3: what a scalar without quotes can be. Null and its like stay texts. */
function isPlain(text: string): boolean {
  return /^[^\s?&*!|>%@`{}[\],#'":-]|^[?:-](?=\S)/.test(text) && !/: | #|[{}[\]]|,\s|:$/.test(text);
}

/** Behind the closing quote. */
function endOfQuoted(text: string, from: number): number {
  const quote = text[from] as string;
  let end = text.indexOf(quote, from + 1);
  if (quote === "'") while (end !== -1 && text[end + 1] === "'") end = text.indexOf("'", end + 2);
  if (end === -1 || (quote === '"' && text.slice(from, end).includes('\\'))) throw new NotPlain();
  return end + 1;
}

function unquoted(text: string): string {
  const inside = text.slice(1, -1);
  return text.startsWith("'") ? inside.replaceAll("''", "'") : inside;
}

/** A key that is there twice is left to the other reader, which says where. */
function checkKeys(block: Open): void {
  const open = [block];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { children } = next;
    if (children.length > 1 && children[0]?.key !== '') {
      if (hasDouble(children)) throw new NotPlain();
    }
    for (const child of children) if (child.children.length > 0) open.push(child);
  }
}

const FEW = 12;

/** Most mappings are short, and there are very many. */
function hasDouble(children: readonly Open[]): boolean {
  if (children.length > FEW) return new Set(children.map(({ key }) => key)).size !== children.length;
  return children.some(({ key }, index) => children.findIndex((one) => one.key === key) !== index);
}
