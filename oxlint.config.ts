import { defineConfig } from 'oxlint';
import type { OxlintOverride } from 'oxlint';

/**
 * The pipeline's order. A module may import from its own line and from those above it, never from below. Folders end
 * in `/`. A new folder or file directly in src/ gets its place here (test/layers.test.ts asks for it).
 */
export const ORDER = [
  [
    'model/',
    'errors.ts',
    'deadline.ts',
    'step-time.ts',
    'stopwatch.ts',
    'tail-buffer.ts',
    'cache-dir.ts',
    'version.ts',
    'strict-json.ts',
    'read-once.ts',
    'schema-issues.ts',
    'small-file.ts',
    'error-answer.ts',
    'error-answer-schema.ts',
  ],
  ['process.ts', 'process-family.ts', 'content-cache.ts', 'owner.ts'],
  ['exclusive.ts', 'sigstore/', 'keys/'],
  ['signing/'],
  ['published/'],
  ['source/'],
  ['plan/'],
  ['sandbox/'],
  ['compare/'],
  ['judge/', 'explain/'],
  // What drives the stages above.
  ['ecosystem.ts', 'fetched-trees.ts'],
  ['rebuild.ts'],
  ['exact/'],
  ['attempt-signals.ts', 'attempts.ts'],
  ['best-attempt.ts'],
  ['inputs/'],
  ['report/'],
  ['attest/'],
  ['policy/'],
  ['plan-file/'],
  ['find-plans.ts'],
  ['verify.ts', 'compare-artifacts.ts', 'attest-result.ts', 'check-attestation.ts'],
  ['check-together.ts'],
  ['store/'],
  ['notify/'],
  ['affected/', 'replay/', 'batch/', 'demo/'],
  ['watch/'],
  ['cli/'],
] as const;
type Module = (typeof ORDER)[number][number];

/** What comes after the ecosystem's part: builders know nothing of it. */
const NOT_FOR_BUILDERS = [
  'attest/',
  'policy/',
  'store/',
  'report/',
  'plan-file/',
  'find-plans.ts',
  'verify.ts',
  'compare-artifacts.ts',
  'attest-result.ts',
  'check-attestation.ts',
  'check-together.ts',
  'replay/',
  'notify/',
  'batch/',
  'watch/',
  'cli/',
] as const satisfies readonly Module[];

/** Data in, data out: no disk, no network, no clock, no chance; hence none of the modules that have them either. */
export const PURE = [
  'model/',
  'compare/',
  'judge/',
  'attest/',
  'policy/',
] as const satisfies readonly Module[];
const NOT_FOR_PURE = [
  'stopwatch.ts',
  'version.ts',
  'cache-dir.ts',
  'process.ts',
  'process-family.ts',
  'content-cache.ts',
  'owner.ts',
  'exclusive.ts',
  'sigstore/',
  'keys/',
  'signing/',
  'source/',
  'sandbox/',
  'fetched-trees.ts',
  'rebuild.ts',
  'exact/',
] as const satisfies readonly Module[];
const EFFECTS =
  'async_hooks|child_process|cluster|console|dgram|diagnostics_channel|dns|fs|http|http2|https|inspector|module|net|os|' +
  'perf_hooks|process|readline|repl|sqlite|timers|tls|tty|vm|worker_threads';

/** Each of these libraries belongs to its adapters, and nothing else imports it. */
const ADAPTERS = {
  execa: ['src/process.ts'],
  'node:child_process': ['src/process.ts'],
  dockerode: ['src/sandbox/docker*.ts'],
  'simple-git': ['src/source/git.ts'],
  '@babel/parser': ['src/compare/script.ts'],
  pako: ['src/compare/deflate.ts'],
  tar: ['src/published/tar.ts', 'builders/npm/toolchain/unpack.ts'],
  cacache: ['src/content-cache.ts'],
  canonicalize: ['src/attest/canonical.ts'],
  '@sigstore/bundle': ['src/sigstore/**'],
  '@sigstore/protobuf-specs': ['src/sigstore/**'],
  '@sigstore/sign': ['src/sigstore/**'],
  '@sigstore/tuf': ['src/sigstore/**'],
  '@sigstore/verify': ['src/sigstore/**'],
  kysely: ['src/store/**', 'src/store/sqlite.ts', 'src/store/postgres.ts', 'src/store/queue.ts'],
  'node:sqlite': ['src/store/sqlite.ts'],
  pg: ['src/store/postgres.ts'],
  'pg-boss': ['src/store/queue.ts'],
  listr2: ['src/cli/**'],
  commander: ['src/cli/**'],
  tinypool: ['src/affected/in-threads.ts', 'src/cli/affected-worker.ts'],
} as const satisfies Record<string, readonly string[]>;

interface Ban {
  readonly regex: string;
  readonly message: string;
}

const escaped = (text: string): string => text.replaceAll('.', '\\.');

interface ModuleBan {
  /** The folder or file that may not import them. */
  readonly from: string;
  readonly modules: readonly Module[];
  readonly message: string;
}

/** Relative imports of modules of src/, from a folder of src/ or of builders/, or from a file of src/ itself. */
function moduleBan({ from, modules, message }: ModuleBan): readonly Ban[] {
  if (modules.length === 0) return [];
  const names = modules.map((name) => (name.endsWith('/') ? name : `${escaped(name)}$`)).join('|');
  return [{ regex: `^${from.endsWith('/') ? '(\\.\\./)+(src/)?' : '\\./'}(${names})`, message }];
}

function libraryBan(owned: readonly string[]): Ban {
  const others = Object.keys(ADAPTERS).filter((name) => !owned.includes(name));
  return {
    regex: `^(${others.map((name) => escaped(name).replace('node:', '(node:)?')).join('|')})($|/)`,
    message: 'One module owns this library (ADAPTERS in oxlint.config.ts): call that one.',
  };
}

const BUILDERS_BAN: Ban = {
  regex: '^(\\.\\./)+builders/',
  message: 'Only the composition root, src/cli, knows which ecosystems there are.',
};
const EFFECT_BAN: Ban = {
  regex: `^(node:)?(${EFFECTS})($|/)`,
  message: 'This stage is pure: data in, data out.',
};

function restrictImports(files: readonly string[], bans: readonly Ban[]): OxlintOverride {
  return {
    files: [...files],
    rules: { 'no-restricted-imports': ['error', { patterns: bans.map((ban) => ({ ...ban })) }] },
  };
}

/** Rules of one folder, and again, less its own library, for every adapter inside it (the last match wins). */
function restrictFolder(folder: string, bans: readonly Ban[]): readonly OxlintOverride[] {
  const owners = [...new Set(Object.values(ADAPTERS).flat())].filter((owner) => owner.startsWith(folder));
  const ownedBy = (owner: string): readonly string[] =>
    Object.entries(ADAPTERS).flatMap(([name, all]) => (all.some((one) => one === owner) ? [name] : []));
  const glob = folder.endsWith('/') ? `${folder}**` : folder;
  return [
    restrictImports([glob], [...bans, libraryBan([])]),
    ...owners.map((owner) => restrictImports([owner], [...bans, libraryBan(ownedBy(owner))])),
  ];
}

function bansOf(from: Module, line: number): readonly Ban[] {
  const later = ORDER.slice(line + 1).flat();
  const order = 'Imports go one way, in the order of the pipeline (ORDER in oxlint.config.ts).';
  const pure = PURE.some((one) => one === from);
  return [
    ...moduleBan({ from, modules: later, message: order }),
    ...(pure ? [EFFECT_BAN, ...moduleBan({ from, modules: NOT_FOR_PURE, message: EFFECT_BAN.message })] : []),
    ...(from === 'cli/' ? [] : [BUILDERS_BAN]),
  ];
}

const layers: readonly OxlintOverride[] = [
  ...ORDER.flatMap((names, line) =>
    names.flatMap((name) => restrictFolder(`src/${name}`, bansOf(name, line))),
  ),
  ...restrictFolder(
    'builders/',
    moduleBan({
      from: 'builders/',
      modules: NOT_FOR_BUILDERS,
      message: 'A builder knows its ecosystem, not what is made of the result.',
    }),
  ),
];

const purity: OxlintOverride = {
  files: PURE.map((name) => `src/${name}**`),
  rules: {
    'no-restricted-globals': [
      'error',
      'process',
      'fetch',
      'performance',
      'setTimeout',
      'setInterval',
      'setImmediate',
    ],
    'no-restricted-properties': [
      'error',
      {
        object: 'Date',
        property: 'now',
        message: 'A pure stage has no clock: take the instant as an argument.',
      },
      { object: 'Math', property: 'random', message: 'A pure stage gives the same for the same.' },
      { object: 'crypto', property: 'randomUUID', message: 'A pure stage gives the same for the same.' },
    ],
  },
};

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'],
  env: { node: true, es2024: true },
  // The .cjs files run inside the sandbox, on every Node from version 4 on: another language.
  ignorePatterns: ['dist', 'fixtures', '**/*.cjs'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    // Types say the truth.
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-deprecated': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    // No promise and no error is lost.
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'no-empty': 'error',
    // One way in, one way out of a module.
    'import/no-default-export': 'error',
    'import/no-cycle': 'error',
    'import/no-mutable-exports': 'error',
    'unicorn/prefer-node-protocol': 'error',
    // Small files and functions, early returns.
    'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    'max-depth': ['error', 3],
    'max-params': ['error', 4],
    complexity: ['error', 20],
    'no-else-return': 'error',
    'no-lonely-if': 'error',
    // Plain, immutable code.
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-eval': 'error',
    'no-param-reassign': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-console': 'error',
    'unicorn/no-process-exit': 'error',
    // Off: they forbid what reads well here.
    'no-underscore-dangle': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    // Off: it is about windows; here are threads.
    'unicorn/require-post-message-target-origin': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/unbound-method': 'off',
    'import/no-unassigned-import': 'off',
    // Off: control characters are what is looked for in text from outside.
    'no-control-regex': 'off',
    'import/no-named-as-default-member': 'off',
    // Off: the compiler says it (noImplicitReturns).
    'typescript/consistent-return': 'off',
  },
  overrides: [
    ...layers,
    purity,
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['src/cli/**', 'scripts/**', 'bench/**'],
      rules: { 'no-console': 'off', 'unicorn/no-process-exit': 'off' },
    },
    // A test tells its story in one function.
    {
      files: ['test/**'],
      rules: { 'max-lines-per-function': 'off', 'max-params': 'off', 'max-lines': ['error', 500] },
    },
  ],
});
