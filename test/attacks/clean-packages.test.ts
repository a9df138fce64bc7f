import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Expected, expectOutcome } from '../support/attack-suite.ts';
import { PACKAGES } from '../support/judged.ts';
import { packedWith, type PackerName } from '../support/packing.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

/** What the repository has by which its package manager is known. */
const MANAGERS: Readonly<Record<PackerName, object>> = {
  npm: {},
  lerna: {},
  pnpm: { packageManager: 'pnpm@9.15.9' },
  'yarn classic': { packageManager: 'yarn@1.22.22' },
  'yarn berry': { packageManager: 'yarn@4.6.0' },
};

const CASES: readonly (readonly [PackerName, string, Expected])[] = [
  ['npm', 'plain', { verdict: 'reproduced', level: 'bytes', signals: [] }],
  ['pnpm', 'bundled', { verdict: 'reproduced', level: 'bytes', signals: [] }],
  ['yarn classic', 'minified', { verdict: 'reproduced', signals: [] }],
  ['yarn berry', 'plain', { verdict: 'reproduced', signals: [] }],
  ['lerna', 'monorepo', { verdict: 'reproduced', level: 'bytes', signals: [] }],
];

describe('a clean package is reproduced', () => {
  test.for(CASES)('when %s has packed the %s one', async ([packer, on, expected], context) => {
    const name = `clean-${packer.replace(' ', '-')}`;
    const { 'package.json': packed = '{}', ...files } = PACKAGES[on] ?? {};
    const manifest = {
      ...(JSON.parse(packed) as object),
      ...MANAGERS[packer],
      dependencies: {},
      name,
    };
    const lock = packer === 'yarn berry' ? { 'yarn.lock': '__metadata:\n  version: 8\n' } : {};
    const { directory } = world.source(name, { ...files, ...lock }, manifest);
    const bytes = await packedWith(packer, { folder: directory, cacheDir: world.cacheDir });
    const time = '2024-03-01T12:02:00.000Z';
    world.registry.publish({ manifest: manifestOf(name, manifest), bytes, time });
    const document = await world.verify(name, { engine });
    const { packer: said = '' } = document.comparison ?? {};
    const attack = `packed by ${packer}, seen as "${said}"`;
    const came = { ...document, normalizers: document.comparison?.normalizers ?? [] };
    expectOutcome(context, { row: 1, attack, on, expected, came });
  });
});
