import { CALLED, CAPABILITIES, type CapabilityKind, MEMBERS, MODULES, TEXTS } from './known-names.ts';
import { childrenOf, listOf, type SyntaxNode } from './syntax.ts';

export interface Capability {
  readonly kind: CapabilityKind;
  /** What shows it, as it is written. */
  readonly detail: string;
}

/** Characters of base64 or hexadecimal text, or of escapes, that no word, path or address has in a row. */
const ENCODED = /[A-Za-z0-9+/=_-]{200,}|(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}){30,}/;
/** How obfuscators of JavaScript name things. */
const MACHINE_NAME = /^_0x[0-9a-f]{3,}$/;
/** Characters without a shape, in a number that no emoji has. */
const UNSEEN = /(?:[\u200b-\u200f\u2060-\u2064]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e01ef}]){8,}/u;
/** Bytes written as numbers: a text that is none to the eye. */
const FEWEST_NUMBERS = 200;
/** What holds everything that a script can reach. */
const GLOBALS = new Set(['globalThis', 'window', 'global', 'self', 'process', 'require']);
const MOST_DETAIL = 120;

/**
 * What a part of a script can do, by what it names, each kind and detail once. It is a reading, not a proof: what code
 * computes only when it runs is not seen, and then shows as `dynamic-code` or `obfuscation` at most.
 *
 * @param options.whole whether to go into lists below as well
 */
export function capabilitiesOf(
  node: SyntaxNode,
  options: { readonly whole: boolean },
): readonly Capability[] {
  const found = new Map<string, Capability>();
  const left = [node];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const { kind, detail } of shownBy(next)) {
      const short = detail.length > MOST_DETAIL ? `${detail.slice(0, MOST_DETAIL)}...` : detail;
      found.set(`${kind} ${short}`, { kind, detail: short });
    }
    if (!options.whole && listOf(next) !== null) continue;
    left.push(...childrenOf(next));
  }
  return [...found.values()].toSorted((a, b) => rank(a) - rank(b) || (a.detail < b.detail ? -1 : 1));
}

function rank({ kind }: Capability): number {
  return Object.keys(CAPABILITIES).indexOf(kind);
}

function shownBy(node: SyntaxNode): readonly Capability[] {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return loaded(node['source']);
    case 'ImportExpression':
      return [...loaded(node['source']), ...computed(node['source'], 'import')];
    case 'CallExpression':
    case 'OptionalCallExpression':
    case 'NewExpression':
      return called(node);
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return memberCapabilities(node);
    case 'StringLiteral':
    case 'DirectiveLiteral':
      return inText(String(node['value']), node);
    case 'TemplateElement':
      return inText((node['value'] as { readonly raw: string }).raw, node);
    case 'Identifier':
      return inName(String(node['name']));
    case 'ArrayExpression':
      return inList(node);
    case 'UnaryExpression':
      return isSignsForTrue(node) ? [{ kind: 'obfuscation', detail: 'signs in place of words: !![]' }] : [];
    default:
      return [];
  }
}

function called(node: SyntaxNode): readonly Capability[] {
  const { callee } = node;
  const [first] = Array.isArray(node['arguments']) ? (node['arguments'] as readonly unknown[]) : [];
  const name = nameOf(callee);
  if (name === 'require' || name === 'import') return [...loaded(first), ...computed(first, name)];
  const isTimer = name === 'setTimeout' || name === 'setInterval';
  if (isTimer && textOf(first) !== null) return [{ kind: 'dynamic-code', detail: `${name} of a text` }];
  if (name === 'atob') return [{ kind: 'encoded-text', detail: 'atob' }];
  const isDecoding = /\b(?:Buffer\.from)$/.test(memberOf(callee));
  const [, encoding] = isDecoding ? (node['arguments'] as readonly unknown[]) : [];
  if (['base64', 'hex', 'base64url'].includes(textOf(encoding) ?? ''))
    return [{ kind: 'encoded-text', detail: `Buffer.from(..., '${textOf(encoding) ?? ''}')` }];
  return named(CALLED, name);
}

function inName(name: string): readonly Capability[] {
  if (MACHINE_NAME.test(name)) return [{ kind: 'obfuscation', detail: 'names like _0x1a2b' }];
  return /^(?:preinstall|postinstall)$/.test(name) ? [{ kind: 'installs', detail: name }] : [];
}

function inList(node: SyntaxNode): readonly Capability[] {
  const elements = node['elements'] as readonly ({
    readonly type: string;
    readonly value?: unknown;
  } | null)[];
  const isBytes =
    elements.length >= FEWEST_NUMBERS &&
    elements.every((one) => one?.type === 'NumericLiteral' && Number(one.value) < 256);
  return isBytes ? [{ kind: 'encoded-text', detail: `${elements.length} bytes as numbers` }] : [];
}

/** `!![]`. */
function isSignsForTrue(node: SyntaxNode): boolean {
  const inner = node['argument'] as SyntaxNode;
  if (node['operator'] !== '!' || inner.type !== 'UnaryExpression' || inner['operator'] !== '!') return false;
  const list = inner['argument'] as SyntaxNode;
  return list.type === 'ArrayExpression' && (list['elements'] as readonly unknown[]).length === 0;
}

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_?KEY/i;

function memberCapabilities(node: SyntaxNode): readonly Capability[] {
  const property = propertyOf(node);
  const isVariable = memberOf(node['object']) === 'process.env' && SECRET_NAME.test(property);
  if (isVariable) return [{ kind: 'credentials', detail: `process.env.${property}` }];
  if (property.startsWith('npm_lifecycle_')) return [{ kind: 'installs', detail: property }];
  const object = nameOf(node['object']);
  if (node['computed'] === true && property === '' && GLOBALS.has(object)) return madeName(object, node);
  const isMaker = property === 'constructor' && memberOf(node['object']).endsWith('.constructor');
  if (isMaker) return [{ kind: 'dynamic-code', detail: 'constructor.constructor' }];
  return named(MEMBERS, `${object}.${property}`);
}

/** A number is a place in a list, and a list can be called anything. */
function madeName(object: string, { property }: SyntaxNode): readonly Capability[] {
  const isNumber = (property as SyntaxNode).type === 'NumericLiteral';
  return isNumber ? [] : [{ kind: 'dynamic-code', detail: `a member of ${object} by a computed name` }];
}

function memberOf(node: unknown): string {
  const member = node as { readonly object?: unknown } | undefined;
  return member?.object === undefined ? '' : `${nameOf(member.object)}.${propertyOf(member as SyntaxNode)}`;
}

function named(table: Readonly<Record<string, CapabilityKind>>, name: string): readonly Capability[] {
  const kind = Object.hasOwn(table, name) ? table[name] : undefined;
  return kind === undefined ? [] : [{ kind, detail: name }];
}

/** What loading a module gives. */
function loaded(source: unknown): readonly Capability[] {
  const name = textOf(source);
  return name === null ? [] : named(MODULES, name.replace(/^node:/, ''));
}

function computed(source: unknown, name: string): readonly Capability[] {
  return source === undefined || textOf(source) !== null
    ? []
    : [{ kind: 'dynamic-code', detail: `${name} of a computed name` }];
}

function inText(text: string, node: SyntaxNode): readonly Capability[] {
  const found = TEXTS.flatMap(([kind, pattern]) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ kind, detail: match[0].trim() }];
  });
  if (UNSEEN.test(text)) found.push({ kind: 'obfuscation', detail: 'text that nobody sees' });
  const raw = (node['extra'] as { readonly raw?: string } | undefined)?.raw ?? text;
  if (!ENCODED.test(raw)) return found;
  return [...found, { kind: 'encoded-text', detail: `${text.length} characters: ${text.slice(0, 40)}...` }];
}

/** The text of a string or of a template without expressions; null for anything else. */
function textOf(node: unknown): string | null {
  const { type, value, quasis, expressions } = (node ?? {}) as Partial<SyntaxNode> & {
    readonly value?: unknown;
  };
  if (type === 'StringLiteral') return String(value);
  if (type !== 'TemplateLiteral' || !Array.isArray(quasis) || !Array.isArray(expressions)) return null;
  const [only] = quasis as readonly { readonly value: { readonly cooked: string | null } }[];
  return expressions.length === 0 ? (only?.value.cooked ?? null) : null;
}

function nameOf(node: unknown): string {
  const { type, name } = (node ?? {}) as { readonly type?: string; readonly name?: unknown };
  if (type === 'Import') return 'import';
  return type === 'Identifier' ? String(name) : '';
}

function propertyOf(member: SyntaxNode): string {
  const property = member['property'];
  return member['computed'] === true ? (textOf(property) ?? '') : nameOf(property);
}
