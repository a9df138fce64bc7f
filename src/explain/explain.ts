import { visible } from '../published/visible.ts';
import { textOf } from '../compare/utf8.ts';
import { isScriptName, MAX_SCRIPT_BYTES } from '../compare/script.ts';
import { type Capability, capabilitiesOf } from './capabilities.ts';
import { type Change, changesBetween, editOf, type Part } from './changes.ts';
import { readScript, type Script } from './syntax.ts';

/** What a changed or added script does that it did not. */
export interface Explanation {
  /** How many statements, members and properties differ. */
  readonly total: number;
  /** The first of them. */
  readonly changes: readonly ShownChange[];
  /** What the code that is only published can do. */
  readonly capabilities: readonly Capability[];
}

export interface ShownChange {
  readonly kind: Change['kind'];
  /** Bytes from the start of the published file, for `removed` of the rebuilt one. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** Safe to print, on one line. */
  readonly code: string;
  /** The tokens that go and those that come, without names and values: the same wherever a tool did the same. */
  readonly edit: string;
}

export interface ExplainRequest {
  readonly path: string;
  readonly published: Uint8Array;
  /** Null where the file was not rebuilt. */
  readonly rebuilt: Uint8Array | null;
}

const MOST_SHOWN = 20;
const MOST_CODE = 400;
/** Characters of what is the same before the first that is not. */
const BEFORE = 40;

/**
 * Reads both sides of a script and says what differs, statement by statement, and what the code that is only published
 * can do. Nothing of it is run. Null where a side is no script, or none that can be read.
 */
export function explain({ path, published, rebuilt }: ExplainRequest): Explanation | null {
  if (!isScriptName(path)) return null;
  const ours = scriptOf(published, path);
  const theirs = rebuilt === null ? null : scriptOf(rebuilt, path);
  if (ours === null || (rebuilt !== null && theirs === null)) return null;
  if (theirs === null) {
    return { total: 0, changes: [], capabilities: capabilitiesOf(ours.program, { whole: true }) };
  }
  const changes = changesBetween(ours, theirs);
  const capabilities = new Map<string, Capability>();
  for (const change of changes) {
    for (const one of gained(change)) capabilities.set(`${one.kind} ${one.detail}`, one);
  }
  return {
    total: changes.length,
    changes: changes.slice(0, MOST_SHOWN).map((change) => shown(change, ours, theirs)),
    capabilities: [...capabilities.values()],
  };
}

function scriptOf(bytes: Uint8Array, path: string): Script | null {
  const text = bytes.length > MAX_SCRIPT_BYTES ? null : textOf(bytes);
  return text === null ? null : readScript(text, path);
}

/** What a change brings that was not there before. */
function gained({ published, rebuilt }: Change): readonly Capability[] {
  const before = new Set(capabilitiesOfPart(rebuilt).map(keyOf));
  return capabilitiesOfPart(published).filter((one) => !before.has(keyOf(one)));
}

function capabilitiesOfPart(part: Part | null): readonly Capability[] {
  return part === null ? [] : capabilitiesOf(part.node, { whole: part.whole });
}

function keyOf({ kind, detail }: Capability): string {
  return `${kind} ${detail}`;
}

function shown(change: Change, ours: Script, theirs: Script): ShownChange {
  const { published, rebuilt } = change;
  const [text, node] = published === null ? [theirs.text, rebuilt?.node] : [ours.text, published.node];
  const start = node?.start ?? 0;
  const code = text.slice(start, node?.end ?? 0);
  const other =
    published === null || rebuilt === null ? null : theirs.text.slice(rebuilt.node.start, rebuilt.node.end);
  const same = other === null ? 0 : commonLength(code, other);
  const from = same > 2 * BEFORE ? same - BEFORE : 0;
  const at = start + (other === null ? 0 : same);
  const cut = code.slice(from, from + MOST_CODE).replaceAll(/\s+/g, ' ');
  return {
    kind: change.kind,
    offset: Buffer.byteLength(text.slice(0, at)),
    line: text.slice(0, at).split('\n').length,
    edit: visible(editOf(change, ours, theirs)),
    code: visible(`${from > 0 ? '... ' : ''}${cut}${from + MOST_CODE < code.length ? ' ...' : ''}`),
  };
}

function commonLength(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let same = 0;
  while (same < length && one[same] === other[same]) same += 1;
  return same;
}
