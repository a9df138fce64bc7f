/** What `${{ }}` of a workflow can name and is known. */
export interface Scope {
  readonly matrix: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  readonly inputs: ReadonlyMap<string, string>;
}

export const EMPTY_SCOPE: Scope = { matrix: new Map(), env: new Map(), inputs: new Map() };

/** Longer texts in one field are no setting of anything. */
const LONGEST_FIELD = 4096;

/** A field with its expressions filled in; null when one of them is not known. */
export function fillIn(text: string, scope: Scope): string | null {
  if (text.length > LONGEST_FIELD) return null;
  const filled = replaceExpressions(text, (expression) => evaluate(expression, scope));
  return filled.length > LONGEST_FIELD || filled.includes('${{') ? null : filled;
}

/**
 * A script with those expressions filled in whose values are plain words. The runner pastes any text; here a value
 * never becomes a second command.
 */
export function fillInScript(script: string, scope: Scope): string {
  return replaceExpressions(script, (expression) => {
    const value = evaluate(expression, scope);
    return value !== null && /^[\w@./:=,^~+-]{1,256}$/.test(value) ? value : null;
  });
}

function replaceExpressions(text: string, valueOf: (expression: string) => string | null): string {
  let done = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf('${{', at);
    const end = start < 0 ? -1 : text.indexOf('}}', start);
    if (end < 0) return done + text.slice(at);
    const value = valueOf(text.slice(start + 3, end).trim());
    done += text.slice(at, start) + (value ?? text.slice(start, end + 2));
    at = end + 2;
  }
}

/** Literals, names, `a && b`, and `a || b`: the first that says something. Null for all that needs a run to be known. */
function evaluate(expression: string, scope: Scope): string | null {
  if (expression.length > 256) return null;
  const values = expression.split('||').map((one) => conjunction(one, scope));
  if (values.includes(undefined)) return null;
  return values.find((value) => value !== null && value !== '') ?? (values.includes('') ? '' : null);
}

/** `a && b`: the last one, unless one of them is false; undefined where one is not known. */
function conjunction(text: string, scope: Scope): string | null | undefined {
  const values = text.split('&&').map((one) => operand(one.trim(), scope));
  if (values.length === 1) return values[0];
  const known = values.filter((value) => value !== undefined && value !== null);
  if (known.length < values.length) return undefined;
  return known.some((value) => value === '' || value === 'false') ? '' : known.at(-1);
}

/** What asks whether the run is one of a tag: that of a release is, where it is asked. */
const IS_TAG = /^(?:startsWith|contains)\(github\.ref, ?'refs\/tags[^']*'\)$/;

/** Undefined for what needs a run to be known, null for a name without a known value. */
function operand(text: string, scope: Scope): string | null | undefined {
  if (IS_TAG.test(text)) return 'true';
  const literal = /^'([^']*)'$/.exec(text)?.[1] ?? /^(?:\d+(?:\.\d+)*|true|false)$/.exec(text)?.[0];
  if (literal !== undefined) return literal;
  const [, context, name = ''] = /^([\w.]+)\.([\w-]+)$/.exec(text) ?? [];
  if (context === undefined) return undefined;
  if (context === 'matrix') return scope.matrix.get(name) ?? null;
  if (context === 'env') return scope.env.get(name) ?? null;
  if (context === 'inputs' || context === 'github.event.inputs') return scope.inputs.get(name) ?? null;
  // The repository is where every path starts.
  return context === 'github' && name === 'workspace' ? '.' : null;
}

/** An env table with its expressions filled in; entries that are not known are left out. */
export function filledEnv(env: ReadonlyMap<string, string>, scope: Scope): ReadonlyMap<string, string> {
  const entries = [...env].flatMap(([name, text]): readonly (readonly [string, string])[] => {
    const value = fillIn(text, scope);
    return value === null ? [] : [[name, value]];
  });
  return new Map(entries);
}
