import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ORDER, PURE } from '../oxlint.config.ts';

const ROOT = path.join(import.meta.dirname, '..');
const IMPORTS = 'eslint(no-restricted-imports)';
const PROPERTIES = 'eslint(no-restricted-properties)';
const GLOBALS = 'eslint(no-restricted-globals)';

/** A file, and a module that it imports. */
type Import = readonly [file: string, specifier: string];

const FORBIDDEN_IMPORTS: readonly Import[] = [
  // Imports go one way.
  ['src/compare/x.ts', '../judge/judge.ts'],
  ['src/source/a/x.ts', '../../sandbox/engine.ts'],
  ['src/model/x.ts', '../process.ts'],
  ['src/report/x.ts', '../verify.ts'],
  ['src/source/git.ts', '../judge/judge.ts'],
  ['src/process.ts', './published/archive.ts'],
  ['src/verify.ts', './cli/main.ts'],
  // Only the composition root knows the ecosystems, and builders know nothing of what is made of the result.
  ['src/judge/x.ts', '../../builders/npm/builder.ts'],
  ['src/verify.ts', '../builders/npm/builder.ts'],
  ['builders/npm/x.ts', '../../src/cli/main.ts'],
  ['builders/npm/a/x.ts', '../../../src/report/document.ts'],
  ['builders/npm/x.ts', '../../src/verify.ts'],
  // Adapters own their library.
  ['src/store/x.ts', 'execa'],
  ['src/store/x.ts', 'node:child_process'],
  ['src/store/x.ts', 'child_process'],
  ['src/store/x.ts', 'dockerode'],
  ['src/store/x.ts', 'simple-git'],
  ['src/store/x.ts', 'tar'],
  ['src/store/x.ts', 'cacache'],
  ['src/store/x.ts', 'cacache/lib/verify.js'],
  ['src/store/x.ts', 'listr2'],
  ['src/store/x.ts', 'pg'],
  ['src/batch/x.ts', 'kysely'],
  ['src/store/x.ts', 'node:sqlite'],
  ['src/store/x.ts', 'commander'],
  ['src/source/git.ts', 'execa'],
  ['src/sandbox/dock.ts', 'dockerode'],
  ['builders/npm/x.ts', 'execa'],
  // Pure stages have no effects, not even through a module of ours.
  ['src/judge/x.ts', 'node:fs'],
  ['src/judge/x.ts', 'node:fs/promises'],
  ['src/judge/x.ts', 'fs'],
  ['src/judge/x.ts', 'node:net'],
  ['src/judge/x.ts', 'node:https'],
  ['src/judge/x.ts', 'node:worker_threads'],
  ['src/compare/x.ts', 'node:timers/promises'],
  ['src/compare/x.ts', '../process.ts'],
  ['src/judge/x.ts', '../source/git.ts'],
];

const ALLOWED_IMPORTS: readonly Import[] = [
  ['src/store/postgres.ts', 'kysely'],
  ['src/store/postgres.ts', 'pg'],
  ['src/judge/x.ts', '../compare/compare.ts'],
  ['src/judge/x.ts', '../model/verdict.ts'],
  ['src/judge/x.ts', './sandbox/x.ts'],
  ['src/judge/x.ts', 'node:crypto'],
  ['src/verify.ts', './judge/judge.ts'],
  ['src/cli/x.ts', '../../builders/npm/builder.ts'],
  ['src/cli/x.ts', '../verify.ts'],
  ['src/cli/x.ts', 'commander'],
  ['src/cli/x.ts', 'listr2'],
  ['src/process.ts', 'execa'],
  ['src/content-cache.ts', 'cacache'],
  ['src/sandbox/docker-stream.ts', 'dockerode'],
  ['src/source/git.ts', 'simple-git'],
  ['src/source/x.ts', 'tar-stream'],
  ['src/published/tar.ts', 'tar'],
  ['builders/npm/toolchain/unpack.ts', 'tar'],
  ['builders/npm/x.ts', '../../src/source/git.ts'],
];

const FORBIDDEN_CODE: readonly (readonly [what: string, file: string, code: string, rule: string])[] = [
  [
    'a type import goes the wrong way',
    'src/model/x.ts',
    "import type { Q } from '../cli/q.ts';\nexport type P = Q;",
    IMPORTS,
  ],
  ['a re-export goes the wrong way', 'src/published/x.ts', "export { q } from '../source/git.ts';", IMPORTS],
  [
    'a dynamic import goes the wrong way',
    'src/plan/x.ts',
    "export const later = await import('../cli/main.ts');",
    IMPORTS,
  ],
  ['a pure stage reads the clock', 'src/compare/x.ts', 'export const now = Date.now();', PROPERTIES],
  ['a pure stage throws dice', 'src/judge/x.ts', 'export const dice = Math.random();', PROPERTIES],
  [
    'a pure stage reads the environment',
    'src/judge/x.ts',
    'export const environment = process.env;',
    GLOBALS,
  ],
  [
    'a pure stage fetches',
    'src/judge/x.ts',
    "export const fetched = await fetch('http://localhost');",
    GLOBALS,
  ],
  ['an any', 'src/plan/x.ts', 'export const anything: any = 1;', 'typescript(no-explicit-any)'],
  [
    'a promise that nobody awaits',
    'src/plan/x.ts',
    'export function forgets(): void {\n  Promise.resolve(1);\n}',
    'typescript(no-floating-promises)',
  ],
  [
    'a thrown text',
    'src/plan/x.ts',
    "export function throws(): never {\n  throw 'x';\n}",
    'typescript(only-throw-error)',
  ],
  ['a default export', 'src/plan/x.ts', 'export default 1;', 'import(no-default-export)'],
  ['a file that is too long', 'src/plan/long.ts', 'export {};\n'.repeat(301), 'eslint(max-lines)'],
  ['console in the core', 'src/plan/x.ts', "console.log('x');", 'eslint(no-console)'],
];

interface Sample {
  readonly title: string;
  readonly file: string;
  readonly code: string;
  /** The rule that must report it; null when none may. */
  readonly rule: string | null;
}

const SAMPLES: readonly Sample[] = [
  ...FORBIDDEN_IMPORTS.map((one, n) => importSample(one, { name: `forbidden${String(n)}`, rule: IMPORTS })),
  ...ALLOWED_IMPORTS.map((one, n) => importSample(one, { name: `allowed${String(n)}`, rule: null })),
  ...FORBIDDEN_CODE.map(([what, file, code, rule]) => ({ title: `${what} is reported`, file, code, rule })),
];

function importSample(
  [file, specifier]: Import,
  { name, rule }: { name: string; rule: string | null },
): Sample {
  const title = `${file} ${rule === null ? 'may' : 'may not'} import ${specifier}`;
  return { title, file, code: `export * as ${name} from '${specifier}';`, rule };
}

const REPORT = z.object({
  diagnostics: z.array(
    z.object({
      filename: z.string(),
      code: z.string(),
      labels: z.tuple([z.object({ span: z.object({ line: z.number() }) })], z.unknown()),
    }),
  ),
});

/** The codes of the rules that report each sample, all linted in one run with this repository's configuration. */
const reported = new Map<Sample, readonly string[]>();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'reprove-lint-'));
  for (const file of ['oxlint.config.ts', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [file, samples] of Map.groupBy(SAMPLES, (sample) => sample.file)) {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, samples.map((sample) => `${sample.code}\n`).join(''));
  }
  const { diagnostics } = lint();
  for (const [file, samples] of Map.groupBy(SAMPLES, (sample) => sample.file)) {
    let line = 1;
    for (const sample of samples) {
      const [first, last] = [line, line + sample.code.split('\n').length - 1];
      const ofSample = diagnostics.filter(
        ({ filename, labels: [label] }) =>
          filename === file && label.span.line >= first && label.span.line <= last,
      );
      reported.set(
        sample,
        ofSample.map((one) => one.code),
      );
      line = last + 1;
    }
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function lint(): z.infer<typeof REPORT> {
  const searchPath = `${path.join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: searchPath };
  return REPORT.parse(
    JSON.parse(
      spawnSync('oxlint', ['--format=json', 'src', 'builders'], { cwd: folder, encoding: 'utf8', env })
        .stdout,
    ),
  );
}

test.each(SAMPLES)('$title', (sample) => {
  const codes = reported.get(sample);
  if (sample.rule === null) expect(codes).toEqual([]);
  else expect(codes).toContain(sample.rule);
});

test('every module of src/ has its place in the order', () => {
  const modules = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  const placed = new Set<string>(ORDER.flat());
  expect(modules.filter((name) => !placed.has(name))).toEqual([]);
});

// No rule of the linter sees a constructor without arguments.
test.each(PURE)('src/%s makes no Date of the present moment', (stage) => {
  const stageFolder = path.join(ROOT, 'src', stage);
  const files = readdirSync(stageFolder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files).not.toEqual([]);
  expect(
    files.filter((file) => /\bDate\(\s*\)/.test(readFileSync(path.join(stageFolder, file), 'utf8'))),
  ).toEqual([]);
});
