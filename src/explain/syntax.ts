import { parseScript, type ParseResult } from '../compare/script.ts';

/** A node of a syntax tree; its fields depend on its type (the Babel AST specification). */
export interface SyntaxNode {
  readonly type: string;
  /** UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A script, read. */
export interface Script {
  readonly text: string;
  readonly program: SyntaxNode;
  /** Without comments and optional semicolons, in order. */
  readonly tokens: readonly ScriptToken[];
}

export interface ScriptToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Reads a script; null where it cannot be read (see `parseScript`). */
export function readScript(text: string, path: string): Script | null {
  const tree = parseScript(text, path, { tokens: true });
  return tree === null
    ? null
    : { text, program: tree.program as unknown as SyntaxNode, tokens: tokensOf(text, tree) };
}

function tokensOf(text: string, { tokens }: ParseResult): readonly ScriptToken[] {
  const all = (tokens ?? []) as readonly { type: unknown; start: number; end: number }[];
  return all.flatMap(({ type, start, end }) => {
    const token = text.slice(start, end);
    return typeof type === 'string' || token === ';' ? [] : [{ start, end, text: token }];
  });
}

/** Where a node lies and what is said beside it. */
const ASIDE = new Set([
  'loc',
  'range',
  'extra',
  'errors',
  'leadingComments',
  'trailingComments',
  'innerComments',
]);

/** The nodes directly below a node, in no particular order. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.entries(node).flatMap(([field, value]) => {
    if (ASIDE.has(field)) return [];
    return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).filter(isNode);
  });
}

/** Whether a field of a node holds a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string' &&
    typeof (value as { start?: unknown }).start === 'number'
  );
}

/** Fields that hold one statement, member or property after the other. */
const LISTS: Readonly<Record<string, string>> = {
  Program: 'body',
  BlockStatement: 'body',
  StaticBlock: 'body',
  ClassBody: 'body',
  SwitchCase: 'consequent',
  ObjectExpression: 'properties',
  TSModuleBlock: 'body',
  TSInterfaceBody: 'body',
};

/** What stands one after the other directly in a node; null where nothing does. */
export function listOf(node: SyntaxNode): readonly SyntaxNode[] | null {
  const field = LISTS[node.type];
  const list = field === undefined ? null : node[field];
  if (!Array.isArray(list)) return null;
  const directives = Array.isArray(node['directives']) ? (node['directives'] as readonly unknown[]) : [];
  return [...directives, ...(list as readonly unknown[])].filter(isNode);
}

/** The nearest nodes below (or the node itself) that hold a list, in the order of the text. */
export function nearestLists(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const left = [node];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (listOf(next) !== null) found.push(next);
    else left.push(...childrenOf(next));
  }
  return found.toSorted((a, b) => a.start - b.start);
}
