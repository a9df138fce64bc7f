import { type InputFormat, type Reading, Unreadable } from '../../../src/inputs/format.ts';
import { shortestWays, wayTo, type Way } from '../../../src/inputs/graph.ts';
import { Sorted, type Stated } from '../../../src/inputs/sorted.ts';
import { type ManifestTables, readManifestTables } from './manifest-tables.ts';
import { namesIn } from './npm-package.ts';
import { NPM_RULES } from './origin.ts';

/** `yarn.lock` of yarn 1. */
export const YARN_CLASSIC_LOCK: InputFormat = {
  title: "yarn's yarn.lock (classic: version 1)",
  fileNames: ['yarn.lock'],
  recognises: ({ text }) => /^# yarn lockfile v\d+\s*$/m.test(text),
  read({ text, manifest }) {
    const [, version = ''] = /^# yarn lockfile v(\d+)/m.exec(text) ?? [];
    if (version !== '1') throw new Unreadable(`It says "yarn lockfile v${version}"; version 1 is known.`);
    const locked = packagesIn(text);
    const roots = rootsOf(readManifestTables(manifest), locked);
    const sorted = new Sorted(NPM_RULES);
    for (const one of locked) sorted.add(statedOf(one, roots));
    const { entries, leftOut, warnings } = sorted;
    return { format: 'yarn.lock, version 1', entries, leftOut, warnings, locate: locator(locked, roots) };
  },
};

interface Locked {
  /** `name@range`, each that it satisfies. */
  readonly patterns: readonly string[];
  readonly line: number;
  readonly fields: Map<string, string>;
  /** `name@range` of what it needs. */
  readonly needs: string[];
}

/** Nearly every line: one or two words behind their indent, and a colon at most. */
const PLAIN_LINE = /^( {0,4})(?:"([^"\\]+)"|([^\s",:]+))(?: (?:"([^"\\]+)"|([^\s",:]+)))?(:?)$/;

/** A line with something in it. */
interface Line {
  /** From 1. */
  readonly number: number;
  readonly indent: number;
  readonly words: readonly string[];
  readonly opens: boolean;
}

function* linesIn(text: string): Generator<Line> {
  let number = 0;
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
    number += 1;
    if (line === '' || line.startsWith('#') || line.trim() === '') continue;
    yield lineOf(line, number);
  }
}

function lineOf(line: string, number: number): Line {
  const plain = PLAIN_LINE.exec(line);
  if (plain !== null) {
    const first = plain[2] ?? plain[3] ?? '';
    const second = plain[4] ?? plain[5] ?? '';
    const words = second === '' ? [first] : [first, second];
    return { number, indent: plain[1]?.length ?? 0, words, opens: plain[6] === ':' };
  }
  const indent = line.length - line.trimStart().length;
  return { number, indent, words: wordsOf(line, number), opens: line.trimEnd().endsWith(':') };
}

/** Lines of three depths: patterns, fields, and the members of tables. */
function packagesIn(text: string): readonly Locked[] {
  const packages: Locked[] = [];
  let current: Locked | null = null;
  let table = '';
  for (const { number, indent, words, opens } of linesIn(text)) {
    if (indent === 0) {
      current = { patterns: words, line: number, fields: new Map(), needs: [] };
      packages.push(current);
    } else if (current === null || (indent !== 2 && indent !== 4)) throw misplaced(number);
    else if (indent === 4) {
      if (/^(?:optionalD|d)ependencies$/.test(table)) current.needs.push(words.join('@'));
    } else if (opens) table = words[0] ?? '';
    else addField(current, words, number);
  }
  return unique(packages);
}

function addField({ fields }: Locked, [name = '', value = '']: readonly string[], line: number): void {
  if (fields.has(name))
    throw new Unreadable(`The key ${JSON.stringify(name)} is there twice in one package.`, line);
  fields.set(name, value);
}

/** Words, in quotes or not, between spaces, commas and colons at the end. */
function wordsOf(line: string, number: number): readonly string[] {
  const words: string[] = [];
  const rest = line.replaceAll(/"((?:[^"\\]|\\.)*)"|([^\s,"][^\s,]*)/g, (word, quoted?: string) => {
    words.push(quoted === undefined ? word.replace(/:$/, '') : unescaped(word, number));
    return '';
  });
  if (/[^\s,:]/.test(rest)) throw misplaced(number);
  return words.filter((word) => word !== '');
}

function unescaped(word: string, line: number): string {
  try {
    return String(JSON.parse(word));
  } catch {
    throw misplaced(line);
  }
}

function misplaced(line: number): Unreadable {
  return new Unreadable('It is not written as yarn writes it.', line);
}

function unique(packages: readonly Locked[]): readonly Locked[] {
  const seen = new Set<string>();
  for (const { patterns, line } of packages) {
    for (const pattern of patterns) {
      if (seen.has(pattern)) throw new Unreadable(`The key ${JSON.stringify(pattern)} is there twice.`, line);
      seen.add(pattern);
    }
  }
  return packages;
}

interface Roots {
  /** `name@range` of what the project asks for; null when nothing says. */
  readonly all: ReadonlySet<string> | null;
  /** What is needed without development; null when nothing says. */
  readonly needed: ReadonlySet<string> | null;
}

/** A lockfile of yarn does not say what the project asks for; its manifest does, unless others are in its workspace. */
function rootsOf(tables: ManifestTables | null, locked: readonly Locked[]): Roots {
  if (tables === null || tables.workspaces !== undefined) return { all: null, needed: null };
  const patterns = (names: unknown) =>
    namesIn(names).map((name) => `${name}@${String(Reflect.get(Object(names), name))}`);
  const production = [...patterns(tables.dependencies), ...patterns(tables.optionalDependencies)];
  return {
    all: new Set([...production, ...patterns(tables.devDependencies)]),
    needed: new Set(waysFrom(production, locked).keys()),
  };
}

function waysFrom(patterns: Iterable<string>, locked: readonly Locked[]): ReadonlyMap<string, Way> {
  const byPattern = new Map(locked.flatMap((one) => one.patterns.map((pattern) => [pattern, one] as const)));
  const keysOf = (wanted: Iterable<string>) =>
    [...wanted].flatMap((pattern) => byPattern.get(pattern)?.patterns.slice(0, 1) ?? []);
  return shortestWays({
    projects: [{ name: '.', keys: keysOf(patterns) }],
    dependenciesOf: (key) => keysOf(byPattern.get(key)?.needs ?? []),
  });
}

function statedOf({ patterns, fields }: Locked, { all, needed }: Roots): Stated {
  const [key = ''] = patterns;
  const at = key.indexOf('@', 1);
  const installedAs = at === -1 ? key : key.slice(0, at);
  const wanted = at === -1 ? '' : key.slice(at + 1);
  const [, aliased] = /^npm:((?:@[^/@]+\/)?[^@]+)/.exec(wanted) ?? [];
  const isLocal = /^(?:file|link):|^[.~/]/.test(wanted);
  return {
    key,
    name: aliased ?? installedAs,
    version: fields.get('version') ?? null,
    installedAs,
    resolved: fields.get('resolved') ?? (isLocal ? `file:${wanted.replace(/^\w+:/, '')}` : null),
    integrity: fields.get('integrity') ?? null,
    direct: all === null ? null : patterns.some((pattern) => all.has(pattern)),
    dev: needed === null ? null : !needed.has(key),
    optional: null,
    peer: null,
  };
}

function locator(locked: readonly Locked[], { all }: Roots): Reading['locate'] {
  let ways: ReadonlyMap<string, Way> | null = null;
  const byKey = new Map(locked.map((one) => [one.patterns[0] ?? '', one]));
  const label = (key: string) => {
    const { name, version } = statedOf(byKey.get(key) as Locked, { all: null, needed: null });
    return `${name}@${version ?? ''}`;
  };
  return (key) => {
    ways ??= waysFrom(all ?? unasked(locked), locked);
    return { line: byKey.get(key)?.line ?? 1, project: '.', path: wayTo(key, ways).map(label) };
  };
}

/** What nobody else asks for is what the project asks for. */
function unasked(locked: readonly Locked[]): readonly string[] {
  const asked = new Set(locked.flatMap(({ needs }) => needs));
  return locked.flatMap(({ patterns }) => patterns.filter((pattern) => !asked.has(pattern)));
}
