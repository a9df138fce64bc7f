import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

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

it('what was published from Windows is built from a checkout as there, at once', async () => {
  publishFromWindows('windows');
  const { verdict, level, plan, attempts, comparison } = await world.verify('windows', { engine: ENGINE });
  expect([verdict, level, attempts.length]).toEqual(['reproduced', 'contents', 1]);
  expect(plan?.evidence.map(({ kind }) => kind)).toContain('line-ends');
  expect(comparison?.normalizers).toEqual([]);
});

it('but for what was written anew after that, with the line ends of the commit', async () => {
  const manifest = `${JSON.stringify(manifestOf('anew'), null, 2)}\n`;
  publishFromWindows('anew', { 'package.json': manifest });
  const { verdict, level, attempts } = await world.verify('anew', { engine: ENGINE });
  expect([verdict, level, attempts.length]).toEqual(['reproduced', 'contents', 1]);
});

it('code between its lines is found', async () => {
  publishFromWindows('between', { 'index.js': asOnWindows(INDEX.replace('module', 'evil();\nmodule')) });
  const { verdict, findings } = await world.verify('between', { engine: ENGINE });
  expect(verdict).toBe('diverged');
  expect(findings.map(({ kind, path }) => `${kind} ${path ?? ''}`)).toEqual(['file-changed index.js']);
});

it('files of a few are written so before they are packed, and the whole is there to the byte', async () => {
  const repository = world.source('few', { 'index.js': INDEX, 'a.js': INDEX, 'README.md': '# Read me\n' });
  writeFileSync(join(repository.directory, 'README.md'), '# Read me\r\n');
  await world.publishPacked('few', repository);
  const { level, plan, attempts } = await world.verify('few', { engine: ENGINE });
  expect([level, attempts.length]).toEqual(['bytes', 1]);
  expect(plan?.evidence.map(({ kind }) => kind)).toContain('some-line-ends');
});

it('links that were published as files are checked out as where there are no links', async () => {
  world.repository('links').link('link', '../target.txt');
  const repository = world.source('links', { 'index.js': INDEX, 'target.txt': 'text' });
  rmSync(join(repository.directory, 'link'));
  writeFileSync(join(repository.directory, 'link'), '../target.txt');
  await world.publishPacked('links', repository);
  const { level, plan, comparison } = await world.verify('links', { engine: ENGINE });
  expect(level).toBe('bytes');
  expect(plan?.evidence.map(({ kind }) => kind)).toContain('links');
  expect(comparison?.origins['link']).toBe('rebuilt');
});

it('a file in place of a link that names another target is found', async () => {
  world.repository('led').link('link', '../target.txt');
  world.source('led', { 'index.js': INDEX, 'target.txt': 'text' });
  world.publish('led', { 'index.js': INDEX, 'target.txt': 'text', link: '../other.txt' });
  const { verdict, findings } = await world.verify('led', { engine: ENGINE });
  expect(verdict).toBe('diverged');
  expect(findings.map(({ kind, path }) => `${kind} ${path ?? ''}`)).toEqual(['file-added link']);
});

/** A package whose script writes a file with `echo`, and of which this was published. */
function verifyEchoed(name: string, written: string) {
  const manifest = { scripts: { prepack: 'echo {"type":"module"} > made.json' } };
  world.source(name, { 'index.js': INDEX }, manifest);
  world.publish(name, { 'index.js': INDEX, 'made.json': written }, manifest);
  return world.verify(name, { engine: ENGINE });
}

it('a line that a script wrote by the command prompt of Windows is written as by that', async () => {
  const { verdict, level, plan } = await verifyEchoed('echoed', '{"type":"module"} \r\n');
  expect([verdict, level]).toEqual(['reproduced', 'contents']);
  expect(plan?.evidence.at(-1)?.detail).toContain('command prompt');
});

it('and another line is found', async () => {
  const { verdict, findings } = await verifyEchoed('echoes', '{"type":"commonjs"} \r\n');
  expect(verdict).toBe('diverged');
  expect(findings.map(({ kind, path }) => `${kind} ${path ?? ''}`)).toContain('file-changed made.json');
});
