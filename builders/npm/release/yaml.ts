import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';

/** Characters. The longest workflows that people write are a third of it; reading takes at most seconds. */
const LONGEST = 64 * 1024;
const MOST_NODES = 20_000;
const MOST_ALIASES = 50;
const DEEPEST = 24;

interface Budget {
  nodes: number;
  aliases: number;
}

/**
 * Reads a YAML text of a stranger as plain data; null when it is none, or larger, deeper or more repetitive than
 * anything that a person writes. Keys that are no texts are left out.
 */
export function readYaml(text: string): unknown {
  if (text.length > LONGEST) return null;
  const document = parsed(text);
  if (document === null || document.errors.length > 0) return null;
  return plain(document.contents, {
    document,
    budget: { nodes: MOST_NODES, aliases: MOST_ALIASES },
    depth: 0,
  });
}

/** Deep nesting overflows the stack of a parser; that too says only that this is no file that anybody works with. */
function parsed(text: string): Document.Parsed | null {
  try {
    return parseDocument(text, { logLevel: 'silent', prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

interface Place {
  readonly document: Document.Parsed;
  readonly budget: Budget;
  readonly depth: number;
}

/** Not the library's own toJS: that one turns keys that are collections into texts, which takes hours for a kilobyte. */
function plain(node: unknown, place: Place): unknown {
  place.budget.nodes -= 1;
  if (place.budget.nodes < 0 || place.depth > DEEPEST) return null;
  const inside = { ...place, depth: place.depth + 1 };
  if (isScalar(node)) return scalar(node.value);
  if (isSeq(node)) return node.items.map((item) => plain(item, inside));
  if (isMap(node)) {
    const entries = node.items.flatMap(({ key, value }): readonly [string, unknown][] => {
      const name = isScalar(key) ? key.value : null;
      return typeof name === 'string' || typeof name === 'number'
        ? [[String(name), plain(value, inside)]]
        : [];
    });
    return Object.fromEntries(entries);
  }
  if (!isAlias(node)) return null;
  place.budget.aliases -= 1;
  return place.budget.aliases < 0 ? null : plain(node.resolve(place.document), inside);
}

function scalar(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
