import { describe, expect, test } from 'vitest';
import { driftFinding } from '../../src/explain/drift.ts';
import { explainAll } from '../../src/explain/explain-all.ts';
import { compareTarballs } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

type Files = Readonly<Record<string, string>>;

async function driftOf(published: Files, rebuilt: Files) {
  const comparison = compareTarballs({ published: npmTarball(published), rebuilt: npmTarball(rebuilt) });
  return driftFinding(comparison, await explainAll(comparison.differences));
}

const files = (write: (index: number) => string): Files =>
  Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`lib/${index}.js`, write(index)]));
const old = files(
  (index) => `var one${index} = ${index};\nexports.f${index} = function () { return one${index}; };\n`,
);
const newer = files(
  (index) => `const one${index} = ${index};\nexports.f${index} = function () { return one${index}; };\n`,
);

describe('a build of another tool', () => {
  test('does the same to every file, and that is said', async () => {
    expect(await driftOf(old, newer)).toMatchObject({
      kind: 'build-drift',
      severity: 'info',
      evidence: { changed: 5, read: 5, edits: [{ edit: 'const -> var', files: 5 }], alone: [] },
    });
  });

  test('does not hide what only one file has', async () => {
    const injected = { ...old, 'lib/3.js': `${old['lib/3.js'] ?? ''}fetch('/' + process.env.HOME);\n` };
    expect(await driftOf(injected, newer)).toMatchObject({
      evidence: { alone: [{ path: 'lib/3.js', code: "fetch('/' + process.env.HOME);" }] },
    });
  });
});

describe('no drift', () => {
  test('is a change of one file', async () => {
    expect(await driftOf({ ...newer, 'lib/1.js': old['lib/1.js'] ?? '' }, newer)).toBeNull();
  });
  test('are different changes of every file', async () => {
    const other = files(
      (index) => `${newer[`lib/${index}.js`] ?? ''}${['a()', 'b.c', '1+1', '[]', 'if(x){}'][index] ?? ''};\n`,
    );
    expect(await driftOf(other, newer)).toBeNull();
  });
  test('attack: is the same payload in every file', async () => {
    const injected = files((index) => `${newer[`lib/${index}.js`] ?? ''}fetch('/' + process.env.HOME);\n`);
    expect(await driftOf(injected, newer)).toBeNull();
  });
  test('are files that were added', async () => {
    expect(await driftOf({ ...newer, 'x.js': 'a', 'y.js': 'a', 'z.js': 'a' }, newer)).toBeNull();
  });
});
