import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from './support/repository.ts';
import { TEST_ENGINES } from './support/world.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [engine = 'bwrap'] = TEST_ENGINES;
const folder = temporaryFolder();
afterAll(() => folder.dispose());
/** Packs, installs every dependency from the registry and rebuilds four packages, on however slow a machine. */
const TEN_MINUTES = 10 * 60_000;

it('the package that npm publishes runs as it is installed, demo included', { timeout: TEN_MINUTES }, () => {
  const env = { ...process.env, NO_COLOR: '1' };
  const run = (file: string, ...args: string[]) =>
    execFileSync(file, args, { cwd: folder.path, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  execFileSync('npm', ['pack', '--silent', `--pack-destination=${folder.path}`], {
    cwd: ROOT,
    env,
    stdio: 'pipe',
  });
  const [tarball = ''] = readdirSync(folder.path);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', 'install', ...quiet, path.join(folder.path, tarball));
  const command = path.join(folder.path, 'node_modules', '.bin', 'reprove');
  expect(run(command, '--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(run(command, 'demo', '--engine', engine)).toContain('4 of 4 verdicts are as they should be.');
});
