import { gunzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { Parser, type ReadEntry } from 'tar';
import { describe, expect, test } from 'vitest';
import { entriesOf, type Files, judged, packed, PACKAGES } from '../support/judged.ts';
import { type EntrySpec, gzipOf, tarEntry, tarOf } from '../support/tarball.ts';

/** Takes artifacts that are reproduced, and changes each in thousands of ways that follow from one seed. */
const SEED = 20_260_101;
const PER_PACKAGE = 2_500;

/** What a mutation puts in: code, and everything that a normalizer looks away from. */
const SNIPPETS = [
  'steal();',
  ';fetch(x);',
  'eval(a)',
  '\n',
  ' ',
  '\t',
  '  \n',
  '\r\n',
  ';',
  ',',
  '(',
  ')',
  "'",
  '"',
  '`',
  '\\',
  '/',
  '*',
  '/*',
  '*/',
  '//',
  '<!--',
  '-->',
  '#!',
  '${',
  '}',
  '{',
  '2026-08-09',
  '2026-08-08T14:23:20Z',
  '1999-01-01',
  '\u200b',
  '\u202e',
  '\u00a0',
  '\ufeff',
  '\u2028',
  '\0',
  'é',
  '0',
  '"scripts":{"postinstall":"x"},',
  '"dependencies":{"evil":"1"},',
  '__proto__',
  'var ',
  'return ',
  '//# sourceMappingURL=x',
  '+',
  '-',
  '=',
  '!',
] as const;

/** A small generator with a seed (mulberry32). */
function generator(seed: number) {
  let state = seed;
  const next = () => {
    state = Math.trunc(state + 0x6d_2b_79_f5);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: <T>(all: readonly T[]): T => all[below(all.length)] as T };
}
type Chance = ReturnType<typeof generator>;

interface Mutated {
  readonly what: string;
  readonly bytes: Buffer;
}
type Mutation = (files: Files, chance: Chance) => Mutated;

function withContent(files: Files, chance: Chance, change: (content: string) => string): Buffer {
  const path = chance.pick(Object.keys(files));
  return packed(entriesOf({ ...files, [path]: change(files[path] ?? '') }));
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  insertion: (files, chance) => {
    const snippet = chance.pick(SNIPPETS);
    const bytes = withContent(files, chance, (text) => {
      const at = chance.below(text.length + 1);
      return text.slice(0, at) + snippet + text.slice(at);
    });
    return { what: `insert ${JSON.stringify(snippet)}`, bytes };
  },
  removal: (files, chance) => {
    const length = 1 + chance.below(3);
    const bytes = withContent(files, chance, (text) => {
      const at = chance.below(text.length);
      return text.slice(0, at) + text.slice(at + length);
    });
    return { what: `remove ${length}`, bytes };
  },
  replacement: (files, chance) => {
    const snippet = chance.pick(SNIPPETS);
    const bytes = withContent(files, chance, (text) => {
      const at = chance.below(text.length);
      return text.slice(0, at) + snippet + text.slice(at + snippet.length);
    });
    return { what: `replace by ${JSON.stringify(snippet)}`, bytes };
  },
  'byte of the tar': (files, chance) => {
    const tar = tarOf(entriesOf(files).map((one) => tarEntry(one)));
    const at = chance.below(tar.length);
    tar[at] = (tar[at] ?? 0) ^ (1 + chance.below(255));
    return { what: `byte ${at} of the tar`, bytes: gzipOf(tar) };
  },
  'byte of the file': (files, chance) => {
    const bytes = packed(entriesOf(files));
    const at = chance.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + chance.below(255));
    return { what: `byte ${at} of the file`, bytes };
  },
  header: (files, chance) => {
    const changes: readonly Partial<EntrySpec>[] = [
      { mode: 0o755 },
      { mode: 0o4755 },
      { mode: 0o600 },
      { mtime: 1 },
      { uid: 1000 },
      { userName: 'root' },
      { type: '1' },
      { type: '2', linkName: '/etc/passwd' },
      { type: '5' },
      { type: '7' },
      { prefix: 'x' },
      { padding: 65 },
      { name: 'x/y' },
      { name: 'package/../z' },
      { name: 'package/INDEX.js' },
      { linkName: 'hidden' },
    ];
    const change = chance.pick(changes);
    const entries = entriesOf(files);
    const at = chance.below(entries.length);
    const changed = entries.map((one, index) => (index === at ? { ...one, ...change } : one));
    return { what: `header ${JSON.stringify(change)}`, bytes: packed(changed) };
  },
  order: (files, chance) => {
    const entries = [...entriesOf(files)];
    const [moved] = entries.splice(chance.below(entries.length), 1);
    entries.splice(chance.below(entries.length + 1), 0, ...(moved === undefined ? [] : [moved]));
    return { what: 'order', bytes: packed(entries) };
  },
  'entry more': (files, chance) => {
    const names = [
      'package/x.js',
      'package/index.js',
      'package/package.json',
      'package/binding.gyp',
      'package/.npmrc',
      'package/README.md',
    ];
    const name = chance.pick(names);
    const entries = [...entriesOf(files)];
    entries.splice(chance.below(entries.length + 1), 0, { name, content: chance.pick(SNIPPETS) });
    return { what: `add ${name}`, bytes: packed(entries) };
  },
  'entry less': (files, chance) => {
    const entries = entriesOf(files).toSpliced(chance.below(Object.keys(files).length), 1);
    return { what: 'an entry less', bytes: packed(entries) };
  },
  tail: (files, chance) => {
    const parts = entriesOf(files).map((one) => tarEntry(one));
    const extra = Buffer.alloc(512 * (1 + chance.below(4)), chance.pick([0, 0, 65]));
    return { what: 'tail', bytes: gzipOf(tarOf(parts, Buffer.concat([Buffer.alloc(1024), extra]))) };
  },
  wrapper: (files, chance) => {
    const tar = tarOf(entriesOf(files).map((one) => tarEntry(one)));
    const plain = gzipOf(tar);
    const all: readonly (() => Buffer)[] = [
      () => gzipOf(tar, { mtime: 1 + chance.below(1000) }),
      () => gzipOf(tar, { operatingSystem: chance.below(14) }),
      () => gzipOf(tar, { extraFlags: chance.below(4) }),
      () => gzipOf(tar, { flags: 8, fields: Buffer.from('name\0') }),
      () => gzipOf(tar, { flags: 16, fields: Buffer.from('comment\0') }),
      () => Buffer.concat([plain, gzipOf(Buffer.from('payload'))]),
      () => Buffer.concat([plain, Buffer.from('payload')]),
      () => Buffer.concat([plain, Buffer.alloc(16)]),
      () => Buffer.concat([gzipOf(tar.subarray(0, 512)), gzipOf(tar.subarray(512))]),
    ];
    return { what: 'wrapper', bytes: chance.pick(all)() };
  },
  manifest: (files, chance) => {
    const fields = JSON.parse(files['package.json'] ?? '{}') as Record<string, unknown>;
    const changes: readonly object[] = [
      { scripts: { postinstall: 'node x.js' } },
      { dependencies: { evil: '*' } },
      { main: 'x.js' },
      { bin: './x.js' },
      { exports: './x.js' },
      { gypfile: true },
      { type: 'module' },
      { optionalDependencies: { evil: 'file:x' } },
      {},
    ];
    const change = chance.pick(changes);
    const keys = Object.entries({ ...fields, ...change });
    const ordered = chance.below(3) === 0 ? keys.toReversed() : keys;
    const text = JSON.stringify(Object.fromEntries(ordered), null, chance.pick([0, 2, 3, 7, '\t']));
    return {
      what: `manifest ${JSON.stringify(change)}`,
      bytes: packed(entriesOf({ ...files, 'package.json': text })),
    };
  },
};

/** What is on disk after unpacking, read by other programs than ours: zlib and node-tar. Null when these refuse. */
function installed(bytes: Buffer): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  try {
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry: ReadEntry) => {
        const parts: Buffer[] = [];
        entry.on('data', (part: Buffer) => parts.push(part));
        entry.on('end', () => {
          // node-tar unpacks all three as files.
          const type = entry.type.replace(/^(?:Contiguous|Old)File$/, 'File');
          // As npm's pacote sets it: whoever installs may read and write, and what could be executed still can.
          const mode = ((((entry.mode ?? 0) & 0o7777) | 0o666) & ~0o022).toString(8);
          found.set(
            entry.path,
            `${type} ${mode} ${entry.linkpath ?? ''} ${Buffer.concat(parts).toString('latin1')}`,
          );
        });
      },
    });
    parser.end(gunzipSync(bytes));
  } catch {
    return null;
  }
  return found;
}

/** The program of a script as another parser than ours reads it; null where it does not. */
function programOf(text: string, path: string): string | null {
  const sourceType = path.endsWith('.mjs') || path.startsWith('lib/') ? 'module' : 'script';
  try {
    const tree = parse(text, { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true });
    return JSON.stringify(tree, (key, value: unknown) => {
      if (key === 'start' || key === 'end') return undefined;
      const isLiteral =
        typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Literal';
      return isLiteral ? { ...value, raw: undefined } : value;
    });
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether a file that is called equal after normalizing is the same to whoever runs it. */
function means(path: string, published: string, honest: string): boolean {
  if (path === 'package.json')
    return JSON.stringify(JSON.parse(published)) === JSON.stringify(JSON.parse(honest));
  if (path === 'README.md') return isPartOf(published.split('\n'), honest.split('\n'));
  if (path.endsWith('.d.ts'))
    return published.replaceAll(/[\s;,()]/g, '') === honest.replaceAll(/[\s;,()]/g, '');
  const program = programOf(published, path);
  return program !== null && program === programOf(honest, path);
}

/** Whether all lines stand among others, in the same order. */
function isPartOf(lines: readonly string[], others: readonly string[]): boolean {
  let from = 0;
  return lines.every((line) => {
    const at = others.indexOf(line, from);
    from = at + 1;
    return at >= 0;
  });
}

/** Why a verdict says more than is so; null when it does not. */
function overstated(files: Files, honest: Buffer, bytes: Buffer): string | null {
  const result = judged(files, honest, bytes);
  if (result === null) return null;
  const { comparison, judgement } = result;
  const [ours, theirs] = [installed(bytes), installed(honest)];
  const paths = [...new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])];
  const changed = ours === null ? null : paths.filter((path) => ours.get(path) !== theirs?.get(path));
  if (judgement.verdict === 'diverged') {
    const named = new Set(judgement.findings.map(({ path }) => path));
    const unnamed = (changed ?? []).filter(
      (path) => !named.has(path.replace(/^[^/]*\//, '')) && !named.has(path),
    );
    const isSaid =
      judgement.findings.length > 0 &&
      (unnamed.length === 0 || judgement.findings.some(({ path }) => path === null));
    return isSaid ? null : `diverged without naming ${unnamed.join(', ')}`;
  }
  const { level } = judgement;
  if (level === 'bytes') return bytes.equals(honest) ? null : 'bytes differ';
  if (changed === null) return 'reproduced, although tar cannot read it';
  if (level === 'tar') return gunzipSync(bytes).equals(gunzipSync(honest)) ? null : 'the archive differs';
  if (level === 'contents') return changed.length === 0 ? null : `${changed.join(', ')} differ`;
  const ignored = new Set(comparison.normalizers.map(({ path }) => path));
  const contentOf = (side: ReadonlyMap<string, string> | null, path: string) =>
    Buffer.from((side?.get(path) ?? '').replace(/^\S+ \S+ \S* /, ''), 'latin1').toString();
  const wrong = changed.filter((path) => {
    const file = path.replace(/^package\//, '');
    return !ignored.has(file) || !means(file, contentOf(ours, path), contentOf(theirs, path));
  });
  return wrong.length === 0 ? null : `${wrong.join(', ')} do not mean the same`;
}

describe.each(Object.entries(PACKAGES))('attack: the %s package with anything changed', (name, files) => {
  const honest = packed(entriesOf(files));

  test('is itself reproduced', () => {
    expect(judged(files, honest, honest)?.judgement).toMatchObject({
      verdict: 'reproduced',
      level: 'bytes',
      findings: [],
    });
  });

  test(`is never called more than it is, in ${PER_PACKAGE} ways`, { timeout: 300_000 }, () => {
    const chance = generator(SEED + name.length);
    const kinds = Object.entries(MUTATIONS);
    const seen = new Map<string, number>();
    for (let count = 0; count < PER_PACKAGE; count += 1) {
      const [kind, mutate] = chance.pick(kinds);
      const { what, bytes } = mutate(files, chance);
      expect(overstated(files, honest, bytes), `${kind}, number ${count}: ${what}`).toBeNull();
      const result = judged(files, honest, bytes)?.judgement;
      const word = result?.level ?? result?.verdict ?? 'refused';
      seen.set(word, (seen.get(word) ?? 0) + 1);
    }
    // A mutation engine that only breaks archives would prove nothing.
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining(['diverged', 'refused', 'tar', 'contents', 'normalized']),
    );
  });
});
