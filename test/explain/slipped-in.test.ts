import { describe, expect, test } from 'vitest';
import { isSlippedIn } from '../../src/explain/slipped-in.ts';
import { compareTarballs } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

type Files = Readonly<Record<string, string>>;

const slippedIn = (published: Files, rebuilt: Files) =>
  isSlippedIn(
    compareTarballs({ published: npmTarball(published), rebuilt: npmTarball(rebuilt) }).differences,
  );

const honest = { 'a.js': 'f();\ng();\n', 'b.js': 'h();\n', 'c.js': 'i();\n' };

describe('what is slipped in', () => {
  test('are statements that can do something, in one place', async () => {
    expect(await slippedIn({ ...honest, 'a.js': "f();\nfetch('https://x.example');\ng();\n" }, honest)).toBe(
      true,
    );
  });
});

describe('what another tool may do', () => {
  test.each([
    ['statements that do nothing', { ...honest, 'a.js': "'use strict';\nf();\ng();\n" }],
    ['a change', { ...honest, 'a.js': 'fetch(x);\nk();\n' }],
    [
      'what is added to every file',
      { 'a.js': 'fetch(x);f();\ng();\n', 'b.js': 'fetch(x);h();\n', 'c.js': 'fetch(x);i();\n' },
    ],
    ['a file more', { ...honest, 'd.js': 'fetch(x);\n' }],
    ['what is no script', { ...honest, 'a.js': 'f(' }],
    ['nothing', honest],
  ])('is %s', async (_, published) => {
    expect(await slippedIn(published, honest)).toBe(false);
  });
});
