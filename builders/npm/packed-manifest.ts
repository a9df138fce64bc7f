/** The package.json of a packed archive as npm understands it, with every reason why another reader might not agree. */
export interface PackedManifest {
  /** Empty when the file is missing or no JSON object. */
  readonly value: JsonObject;
  /** In words; empty for a manifest that every reader takes the same way. */
  readonly problems: readonly string[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Deeper nesting has no use, and overflows the stack of whoever walks it. */
const MAX_DEPTH = 200;
/** Longest JSON text of a value that is kept as evidence. */
const MAX_EVIDENCE = 2_000;

/** Reads the bytes of a packed package.json; null stands for an archive without one. Never throws. */
export function readPackedManifest(bytes: Uint8Array | null): PackedManifest {
  if (bytes === null) return { value: {}, problems: ['there is no package.json'] };
  const problems: string[] = [];
  const lossy = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(lossy).equals(Buffer.from(bytes))) problems.push('it is not UTF-8');
  // npm skips a byte order mark, Node's own loader does not.
  const text = lossy.replace(/^\uFEFF/, '');
  if (text !== lossy) problems.push('it starts with a byte order mark');
  const value = parse(text);
  if (!isJsonObject(value)) return { value: {}, problems: [...problems, 'it is not a JSON object'] };
  const { repeated, depth } = scan(text);
  if (depth > MAX_DEPTH) return { value: {}, problems: [...problems, `it is nested ${depth} levels deep`] };
  if (repeated !== null) problems.push(`the key ${JSON.stringify(repeated)} comes twice in one object`);
  return { value, problems };
}

/** Whether a JSON value is an object (and neither null nor an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that should be an object: as one, or empty. Keys that objects inherit are never seen. */
export function objectField(value: JsonObject, field: string): JsonObject {
  const inner = Object.hasOwn(value, field) ? value[field] : undefined;
  return isJsonObject(inner) ? inner : {};
}

/** A field, never one that objects inherit. */
export function ownField(value: JsonObject, field: string): unknown {
  return Object.hasOwn(value, field) ? value[field] : undefined;
}

/** A JSON value as text; what is nested too deeply to be written is said to be. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'absent';
  } catch (error) {
    if (error instanceof RangeError) return '(nested too deeply)';
    throw error;
  }
}

/** A JSON value as evidence of a finding: itself, or the beginning of its text where that is long. */
export function asEvidence(value: unknown): unknown {
  const text = jsonText(value);
  return text.length > MAX_EVIDENCE || text === '(nested too deeply)'
    ? `${text.slice(0, MAX_EVIDENCE)}...`
    : value;
}

interface Scan {
  /** The first key that one object has twice: JavaScript takes the last of both, other readers the first. */
  readonly repeated: string | null;
  readonly depth: number;
}

/** Goes through the tokens of a valid JSON text: strings, and the characters that structure it. */
function scan(json: string): Scan {
  const stack: (Set<string> | null)[] = [];
  let repeated: string | null = null;
  let depth = 0;
  let candidate: readonly [start: number, end: number] | null = null;
  for (let at = 0; at < json.length; at += 1) {
    const mark = json[at];
    if (mark === '"') {
      const end = stringEnd(json, at);
      candidate = [at, end];
      at = end - 1;
    } else if (mark === '{' || mark === '[') {
      stack.push(mark === '{' ? new Set() : null);
      depth = Math.max(depth, stack.length);
    } else if (mark === '}' || mark === ']') {
      stack.pop();
    } else if (mark === ':' && candidate !== null) {
      const key = String(parse(json.slice(...candidate)));
      const keys = stack.at(-1);
      if (keys?.has(key) === true) repeated ??= key;
      keys?.add(key);
    }
  }
  return { repeated, depth };
}

/** Just behind the string that starts here. By hand: a regular expression keeps a stack for every character of one. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
