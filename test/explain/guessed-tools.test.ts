import { describe, expect, it } from 'vitest';
import { guessedTools } from '../../src/explain/guessed-tools.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { compareTarballs, sourceOf } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const MANIFEST = { 'package.json': '{"name":"pkg","main":"dist/index.js"}' };
const SOURCE = sourceOf(MANIFEST);
const BUILT = {
  strategy: 'install-build-pack',
  conclusive: true,
  evidence: [],
  steps: [],
} as unknown as RebuildPlan;

describe('a build whose tools had to be guessed', () => {
  const plan = { ...BUILT, evidence: [{ kind: 'resolution', detail: '' }] };
  const guessed = (
    published: Readonly<Record<string, string>>,
    rebuilt: Readonly<Record<string, string>>,
    more: Partial<Parameters<typeof guessedTools>[0]> = {},
  ) => {
    const comparison = compareTarballs({
      published: npmTarball({ ...MANIFEST, ...published }),
      rebuilt: npmTarball({ ...MANIFEST, ...rebuilt }),
      commit: MANIFEST,
    });
    const repairs = ['babel@6.0.0: hidden'];
    return guessedTools({ plan, comparison, source: SOURCE, repairs, onInstall: [], ...more });
  };
  const many = (line: (at: number) => string) => Array.from({ length: 10 }, (_, at) => line(at)).join('\n');
  const TRANSPILED = [
    { 'dist/index.js': many((at) => `var a${at} = f(${at});`) },
    { 'dist/index.js': many((at) => `const a${at} = f(${at});`) },
  ] as const;

  it('says nothing of what it makes', async () => {
    expect(await guessed(...TRANSPILED)).toMatchObject({ code: 'unsupported' });
  });

  it('says nothing of declarations and maps that another version of a tool makes besides', async () => {
    const more = { 'dist/index.d.cts': 'export declare const a: number;', 'dist/index.js.map': '{}' };
    expect(await guessed({ ...TRANSPILED[0], ...more }, TRANSPILED[1])).toMatchObject({
      code: 'unsupported',
    });
    expect(await guessed(more, {})).toBeNull();
  });

  it.each([
    ['a lockfile names them', { plan: BUILT }],
    ["the registry's times hide nothing", { repairs: [] }],
    ['the file runs on install', { onInstall: ['dist/index.js'] }],
    ['the commit has the file', { source: sourceOf({ ...MANIFEST, 'dist/index.js': '' }) }],
  ])('but speaks where %s', async (_what, more) => {
    expect(await guessed(...TRANSPILED, more)).toBeNull();
  });

  it.each([
    ['more files', { 'dist/index.js': 'var a;', 'dist/more.js': '1' }, { 'dist/index.js': 'let b;' }],
    ['the manifest', { 'package.json': '{"name":"pkg","scripts":{"install":"x"}}' }, {}],
    [
      'what can do more than before, wherever it stands',
      { 'dist/index.js': `${TRANSPILED[0]['dist/index.js']}\nlet b = require('child_process').exec('x');` },
      { 'dist/index.js': `${TRANSPILED[1]['dist/index.js']}\nlet b = c;` },
    ],
    ['few changes', { 'dist/index.js': "var to = '0xevil';" }, { 'dist/index.js': "var to = '0xgood';" }],
    ['a script that cannot be read', { 'dist/index.js': 'var a = {' }, { 'dist/index.js': 'var a;' }],
  ])('nor of %s', async (_what, published, rebuilt) => {
    expect(await guessed(published, rebuilt)).toBeNull();
  });

  it('nor where nothing differs', async () => {
    expect(await guessed({}, {})).toBeNull();
  });
});
