import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

const nested = (inside: string): string => '['.repeat(DEPTH) + inside + ']'.repeat(DEPTH);

test.each([...FORMAT_NAMES])(
  'files that are nested a hundred thousand deep are told like any other: %s',
  async (format) => {
    const manifest = `{"name":"hostile","version":"1.0.0","x":${nested('')}}`;
    const run = await compared(
      { 'index.js': `x = ${nested('1')}`, 'data.json': nested('1') },
      { 'index.js': `x = ${nested('2')}`, 'data.json': nested('2'), 'package.json': manifest },
      format,
    );
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(1);
    for (const name of ['index.js', 'data.json', 'package.json']) expect(run.stdout).toContain(name);
    expect(run.stdout.length).toBeLessThan(100_000);
  },
);
