import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import { Unreadable } from '../../../src/inputs/format.ts';
import type { Block } from './blocks.ts';

/** Characters; reading all of YAML is slow. */
const LONGEST = 8 * 1024 ** 2;
const DEEPEST = 24;

/** Any YAML text as blocks, one for each document. */
export function blocksOfYaml(text: string): readonly Block[] {
  if (text.length > LONGEST)
    throw new Unreadable(
      `It is longer than ${LONGEST} characters and not written as package managers write it.`,
    );
  const lineCounter = new LineCounter();
  const documents = parsed(text, lineCounter);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const what = (error.message.split('\n', 1)[0] ?? '').replace(/ at line \d+.*$/, '');
      throw new Unreadable(
        `It is no YAML that can be read (${what}).`,
        lineCounter.linePos(error.pos[0]).line,
      );
    }
    refuseReferences(document, lineCounter);
    if (document.contents === null) return [];
    return [block({ key: '', node: document.contents, line: 1 }, { lineCounter, depth: 0 })];
  });
}

/** Deep nesting overflows the stack of the parser. */
function parsed(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      logLevel: 'silent',
      prettyErrors: false,
      schema: 'failsafe',
    });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) throw new Unreadable('It is nested too deep.');
    throw error;
  }
}

/** No lockfile has anchors, aliases or tags; readers differ in what they make of them. */
function refuseReferences(document: Document.Parsed, lineCounter: LineCounter): void {
  const refuse = (node: { readonly range?: readonly [number, number, number] | null | undefined }): never => {
    const { line } = lineCounter.linePos(node.range?.[0] ?? 0);
    throw new Unreadable('It has anchors, aliases or tags, which no package manager writes.', line);
  };
  visit(document, {
    Alias: (_key, node) => refuse(node),
    Node: (_key, node) => {
      if (
        ('anchor' in node && node.anchor !== undefined) ||
        (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org'))
      )
        refuse(node);
    },
  });
}

interface Place {
  readonly lineCounter: LineCounter;
  readonly depth: number;
}

function block(
  one: { readonly key: string; readonly node: unknown; readonly line: number },
  place: Place,
): Block {
  const { key, node, line } = one;
  if (place.depth > DEEPEST) throw new Unreadable('It is nested too deep.', line);
  if (isScalar(node)) {
    const isText = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    return { key, line, value: isText ? null : textOf(node.value), children: [] };
  }
  const inside = { ...place, depth: place.depth + 1 };
  const lineOf = (part: unknown): number => {
    const start = isScalar(part) || isMap(part) || isSeq(part) ? part.range?.[0] : undefined;
    return start === undefined ? line : place.lineCounter.linePos(start).line;
  };
  if (isSeq(node)) {
    const children = node.items.map((item) => block({ key: '', node: item, line: lineOf(item) }, inside));
    return { key, line, value: null, children };
  }
  if (!isMap(node)) return { key, line, value: null, children: [] };
  const children = node.items.map((pair) => {
    if (!isScalar(pair.key)) throw new Unreadable('It has a key that is no text.', lineOf(pair.key));
    return block({ key: textOf(pair.key.value), node: pair.value, line: lineOf(pair.key) }, inside);
  });
  return { key, line, value: null, children };
}

/** The failsafe schema knows no other scalars than texts. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
