import semver from 'semver';
import type { Reading, Revision } from './revision.ts';

/** Signs of a program that wants a newer Node than it got. */
const TOO_OLD =
  /ERR_REQUIRE_ESM|Unexpected token '(?:\?\?=|\|\|=|\?\.|\?)'|does not provide an export named|is not a function or its return value is not iterable|Unsupported engine|ERR_UNKNOWN_BUILTIN_MODULE|No such built-in module: node:|styleText|ERR_UNKNOWN_FILE_EXTENSION|requires Node\.js|requires at least Node/;
/** Signs of one that wants an older Node. */
const TOO_NEW =
  /primordials is not defined|ERR_INVALID_THIS|Cannot find module 'node:internal|assert' import assertion|Unexpected identifier 'assert'|provide the URL of lib\/mappings\.wasm/;

/** One version of each newer line is tried once: what it breaks, the next reading says. */
const NEWER = { 18: '20', 20: '22', 22: '24', 16: '20', 14: '18', 12: '16', 10: '14', 8: '12' } as const;
const OLDER = { 24: '20', 22: '20', 20: '18', 18: '16', 16: '14', 14: '10', 12: '10', 10: '8' } as const;

/** A newer Node, where the log reads as if it were wanted. */
export function nodeTooOld(reading: Reading): Revision | null {
  return otherNode(reading, TOO_OLD, NEWER);
}

/** An older Node, where the log reads as if it were wanted. */
export function nodeTooNew(reading: Reading): Revision | null {
  return otherNode(reading, TOO_NEW, OLDER);
}

/** What a package that refuses to be installed asks for (npm with `engine-strict`). */
const REFUSES = /\bEBADENGINE\b[^]{0,1000}?\bRequired: \{[^{}\n]{0,100}?"node":"([^"\n]{1,100})"/;

/** The lowest line that a package allows which refuses the Node that it got. */
export function nodeRefused({ plan, went }: Reading): Revision | null {
  const [, range = ''] = went.kind === 'failed' ? (REFUSES.exec(went.log) ?? []) : [];
  const node = plan.toolchain['node'] ?? '';
  if (semver.validRange(range) === null || semver.satisfies(node, range)) return null;
  const version = Object.values(LAST_OF_LINE).find((one) => semver.satisfies(one, range));
  if (version === undefined) return null;
  const why = `a package refuses to be installed with Node ${node} and asks for ${range}: Node ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, node: version } } };
}

function otherNode(
  { plan, went }: Reading,
  signs: RegExp,
  lines: Readonly<Record<number, string>>,
): Revision | null {
  if (went.kind !== 'failed' || !signs.test(went.log)) return null;
  const node = plan.toolchain['node'] ?? '';
  const line = semver.valid(node) === null ? undefined : lines[semver.major(node)];
  const version = line === undefined ? undefined : LAST_OF_LINE[line];
  if (version === undefined) return null;
  const why = `the log of Node ${node} reads as if another line was wanted: Node ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, node: version } } };
}

/** The last release of each line that the registry's package of Node has. */
const LAST_OF_LINE: Readonly<Record<string, string>> = {
  '8': '8.17.0',
  '10': '10.24.1',
  '12': '12.22.12',
  '14': '14.21.3',
  '16': '16.20.2',
  '18': '18.20.8',
  '20': '20.20.2',
  '22': '22.22.2',
  '24': '24.11.1',
};
