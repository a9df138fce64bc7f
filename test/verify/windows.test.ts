import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestOf, TEST_ENGINES, TestWorld } from '../support/world.ts';

const INDEX = "'use strict';\nmodule.exports = 1;\n";

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const asOnWindows = (text: string): string => text.replaceAll('\n', '\r\n');

/** Publishes what a checkout on Windows holds of a commit, with more on top of it. */
function publishFromWindows(name: string, more: Readonly<Record<string, string>> = {}): void {
  world.source(name, { 'index.js': INDEX, 'README.md': '# Read me\n' });
  world.publish(name, {
    'package.json': asOnWindows(`${JSON.stringify(manifestOf(name), null, 2)}\n`),
    'index.js': asOnWindows(INDEX),
    'README.md': asOnWindows('# Read me\n'),
    ...more,
  });
}

describe.each(TEST_ENGINES)('%s', (engine) => {
  it('what was published from Windows is built from a checkout as there, at once', async () => {
    const name = `windows-${engine}`;
    publishFromWindows(name);
    const { verdict, level, plan, attempts, comparison } = await world.verify(name, { engine });
    expect([verdict, level, attempts.length]).toEqual(['reproduced', 'contents', 1]);
    expect(plan?.evidence.map(({ kind }) => kind)).toContain('line-ends');
    expect(comparison?.normalizers).toEqual([]);
  });

  it('but for what was written anew after that, with the line ends of the commit', async () => {
    const name = `anew-${engine}`;
    const manifest = `${JSON.stringify(manifestOf(name), null, 2)}\n`;
    publishFromWindows(name, { 'package.json': manifest });
    const { verdict, level, attempts } = await world.verify(name, { engine });
    expect([verdict, level, attempts.length]).toEqual(['reproduced', 'contents', 1]);
  });

  it('code between its lines is found', async () => {
    const name = `between-${engine}`;
    publishFromWindows(name, { 'index.js': asOnWindows(INDEX.replace('module', 'evil();\nmodule')) });
    const { verdict, findings } = await world.verify(name, { engine });
    expect(verdict).toBe('diverged');
    expect(findings.map(({ kind, path }) => `${kind} ${path ?? ''}`)).toEqual(['file-changed index.js']);
  });
});
