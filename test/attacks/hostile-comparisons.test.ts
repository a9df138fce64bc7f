import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import { FORMAT_NAMES, type FormatName } from '../../src/report/format-names.ts';
import { type CliRun, reprove } from '../support/cli.ts';
import { type Files, npmTarball } from '../support/tarball.ts';

let registry: LoopbackRegistry;
let folder: string;
beforeAll(async () => {
  registry = await LoopbackRegistry.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'reprove-test-'));
});
afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const MANIFEST = { 'package.json': '{"name":"hostile","version":"1.0.0"}' };
const DEPTH = 100_000;

async function compared(base: Files, subject: Files, format: FormatName): Promise<CliRun> {
  const [a, b] = [path.join(folder, 'a.tgz'), path.join(folder, 'b.tgz')];
  writeFileSync(a, npmTarball({ ...MANIFEST, ...base }));
  writeFileSync(b, npmTarball({ ...MANIFEST, ...subject }));
  const where = ['--registry', registry.url, '--cache-dir', path.join(folder, 'cache')];
  return reprove(['compare', a, b, '--format', format, ...where]);
}

describe.each([...FORMAT_NAMES])('as %s', (format) => {
  test.each([
    [
      'a script',
      'index.js',
      `x = ${'['.repeat(DEPTH)}1${']'.repeat(DEPTH)}`,
      `x = ${'['.repeat(DEPTH)}2${']'.repeat(DEPTH)}`,
    ],
    [
      'a JSON file',
      'data.json',
      `${'['.repeat(DEPTH)}1${']'.repeat(DEPTH)}`,
      `${'['.repeat(DEPTH)}2${']'.repeat(DEPTH)}`,
    ],
    [
      'the manifest',
      'package.json',
      `{"name":"hostile","version":"1.0.0","x":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
      MANIFEST['package.json'],
    ],
  ])(
    '%s that is nested a hundred thousand deep is told like any other',
    async (_what, name, ours, theirs) => {
      const run = await compared({ [name]: theirs }, { [name]: ours }, format);
      expect(run.stderr).toBe('');
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toContain(name);
      expect(run.stdout.length).toBeLessThan(100_000);
    },
  );
});
