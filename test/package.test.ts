import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentsIn, lockfile, publishLocked, verdictsIn, worldOptions } from './support/batches.ts';
import { ENGINE, TestWorld } from './support/world.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const engine = ENGINE;
/** Packs, installs every dependency from the registry and rebuilds four packages, on however slow a machine. */
const TEN_MINUTES = 10 * 60_000;

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
}

let world: TestWorld;
afterAll(() => world.close());
const file = (name: string) => path.join(world.folder.path, name);

async function run(program: string, ...args: readonly string[]): Promise<Ran> {
  const options = {
    cwd: world.folder.path,
    env: { ...process.env, NO_COLOR: '1' },
    encoding: 'utf8',
  } as const;
  try {
    return { exitCode: 0, stdout: (await promisify(execFile)(program, args, options)).stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number' || stdout === '') throw new Error(`${program}: ${stderr}`, { cause: error });
    return { exitCode: code, stdout };
  }
}

const reprove = (...args: readonly string[]) => run(file('node_modules/.bin/reprove'), ...args);

describe('the package that npm publishes, as it is installed', () => {
  beforeAll(async () => {
    world = await TestWorld.open();
    await promisify(execFile)('npm', ['pack', '--silent', `--pack-destination=${world.folder.path}`], {
      cwd: ROOT,
    });
    const [tarball = ''] = readdirSync(world.folder.path).filter((name) => name.endsWith('.tgz'));
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', 'install', ...quiet, file(tarball));
  }, TEN_MINUTES);

  it('runs, demo included', { timeout: TEN_MINUTES }, async () => {
    expect((await reprove('--version')).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await reprove('demo', '--engine', engine)).stdout).toContain(
      '4 of 4 verdicts are as they should be.',
    );
  });

  it('verifies, explains and signs in processes of their own', { timeout: TEN_MINUTES }, async () => {
    const honest = { 'index.js': 'module.exports = 1;\n' };
    const evil = { 'index.js': "module.exports = 1;\nrequire('child_process').exec('id');\n" };
    const input = lockfile(world, 'package-lock.json', [
      publishLocked(world, 'good', honest),
      publishLocked(world, 'evil', evil, honest),
    ]);
    writeFileSync(file('passphrase'), 'a passphrase\n');
    const passphrase = ['--passphrase-file', file('passphrase')];
    await reprove('keygen', '--out', file('key'), ...passphrase);
    const signing = ['--key', file('key.key'), ...passphrase, '--out', file('signed')];
    const batch = await reprove('batch', input, '--json', ...signing, ...worldOptions(world));
    expect(batch.exitCode).toBe(1);
    expect(verdictsIn(batch)).toEqual(['evil diverged', 'good reproduced']);
    const evilOne = documentsIn(batch).find(({ subject }) => subject.name === 'evil');
    const changed = evilOne?.findings.find(({ path: where }) => where === 'index.js');
    // Read by the explaining thread: without it there would be `unread`.
    expect(changed?.evidence['code']).toMatchObject({ capabilities: expect.anything() as unknown });
    const bundles = readdirSync(file('signed'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.sigstore.json'))
      .map((name) => path.join(file('signed'), name));
    expect(bundles.length).toBeGreaterThanOrEqual(2);
    for (const bundle of bundles)
      expect((await reprove('check-attestation', bundle, '--key', file('key.pub'))).stdout).toContain(
        'ACCEPTED',
      );
  });

  it('searches many files in threads', async () => {
    for (let index = 0; index < 40; index += 1)
      cpSync(path.join(ROOT, 'fixtures/inputs/npm-11'), file(`trees/${index}`), { recursive: true });
    writeFileSync(file('bad.txt'), 'ms@2.0.0\n');
    const { exitCode, stdout } = await reprove(
      'affected',
      '--list',
      file('bad.txt'),
      file('trees'),
      '--json',
    );
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ refused: [], looked: { files: 120, affectedFiles: 120 } });
  });

  it('has the licences of what was bundled', () => {
    const text = readFileSync(file('node_modules/reprove/dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['canonicalize', 'zod', '@sigstore/core', '@sigstore/verify'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
  });
});
