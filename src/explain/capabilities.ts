import { childrenOf, listOf, type SyntaxNode } from './syntax.ts';

/** What code can do beyond computing, what is worst to find added first. */
export const CAPABILITIES = {
  network: 'talks to the network',
  processes: 'starts other programs',
  credentials: 'names files or variables that hold credentials',
  wallets: 'touches crypto wallets or names a wallet address',
  'dynamic-code': 'runs code that it makes or loads by a computed name',
  files: 'reads or writes files',
  environment: 'reads the environment or who runs it',
  clipboard: 'touches the clipboard',
  'browser-data': 'reads cookies, storage or input of web pages',
  'encoded-text': 'holds long encoded text',
  obfuscation: 'is written to be unreadable',
} as const satisfies Record<string, string>;

export type CapabilityKind = keyof typeof CAPABILITIES;

export interface Capability {
  readonly kind: CapabilityKind;
  /** What shows it, as it is written. */
  readonly detail: string;
}

/** Node's own modules (nodejs.org/api), and what people install for the same. */
const MODULES: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('network', 'http https http2 net tls dgram dns dns/promises inspector'),
  ...kinds(
    'network',
    'axios node-fetch undici got request ws socket.io-client superagent nodemailer discord.js',
  ),
  ...kinds('files', 'fs fs/promises fs-extra graceful-fs'),
  ...kinds('processes', 'child_process cluster worker_threads execa cross-spawn shelljs'),
  ...kinds('environment', 'os'),
  ...kinds('dynamic-code', 'vm module repl v8 wasi'),
  ...kinds('clipboard', 'clipboardy'),
};
/** Globals that matter when they are called or constructed. */
const CALLED: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('network', 'fetch XMLHttpRequest WebSocket EventSource RTCPeerConnection importScripts'),
  ...kinds('dynamic-code', 'eval Function'),
};
/** Members, as `object.property`. */
const MEMBERS: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('environment', 'process.env process.argv'),
  ...kinds('dynamic-code', 'process.binding process.dlopen process.getBuiltinModule module.constructor'),
  ...kinds('dynamic-code', 'WebAssembly.instantiate WebAssembly.compile WebAssembly.Module'),
  ...kinds('processes', 'Deno.Command Bun.spawn'),
  ...kinds('clipboard', 'navigator.clipboard'),
  ...kinds('network', 'navigator.sendBeacon globalThis.fetch window.fetch self.fetch'),
  ...kinds('wallets', 'window.ethereum globalThis.ethereum window.solana globalThis.solana window.tronWeb'),
  ...kinds('browser-data', 'document.cookie document.forms window.localStorage window.sessionStorage'),
};
const TEXTS: readonly (readonly [CapabilityKind, RegExp])[] = [
  ['network', /\b(?:https?|wss?|ftp):\/\/[^\s"'`<>\\]{3,200}/],
  ['network', /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}(?!\d)/],
  ['processes', /(?:^|[\s;&|])(?:curl|wget|powershell|bash -c|sh -c|cmd(?:\.exe)? \/c)\s/],
  ['clipboard', /\b(?:pbpaste|xclip|xsel|Get-Clipboard)\b/],
  [
    'credentials',
    /\.npmrc|\.ssh\b|id_rsa|id_ed25519|\.aws\/|\.git-credentials|\.netrc|\b(?:NPM|GITHUB|GH|NODE_AUTH|CI_JOB|VAULT)_TOKEN\b|AWS_SECRET|wallet\.dat|Login Data|169\.254\.169\.254/,
  ],
  ['wallets', /\beth_(?:sendTransaction|requestAccounts|accounts)\b|\bsolana:signTransaction\b/],
  [
    'wallets',
    /(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{38,59}|T[1-9A-HJ-NP-Za-km-z]{33})(?![0-9A-Za-z])/,
  ],
];
/** Characters of base64 or hexadecimal text, or of escapes, that no word, path or address has in a row. */
const ENCODED = /[A-Za-z0-9+/=_-]{200,}|(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}){30,}/;
/** How obfuscators of JavaScript name things. */
const MACHINE_NAME = /^_0x[0-9a-f]{3,}$/;
const MOST_DETAIL = 120;

function kinds(kind: CapabilityKind, names: string): Readonly<Record<string, CapabilityKind>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

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
      return MACHINE_NAME.test(String(node['name']))
        ? [{ kind: 'obfuscation', detail: 'names like _0x1a2b' }]
        : [];
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

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_?KEY/i;

function memberCapabilities(node: SyntaxNode): readonly Capability[] {
  const property = propertyOf(node);
  const isVariable = memberOf(node['object']) === 'process.env' && SECRET_NAME.test(property);
  if (isVariable) return [{ kind: 'credentials', detail: `process.env.${property}` }];
  return named(MEMBERS, `${nameOf(node['object'])}.${property}`);
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
