import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const READ = ['ignore', 'pipe', 'pipe'] as const;

it('a command goes on quietly when nobody reads its output any more', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: [...READ] });
  child.stdout.destroy();
  const [said, ended] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toBe('');
  expect(ended).toEqual([0, null]);
});

it('its exit code still tells what happened when nobody reads its messages', async () => {
  const child = spawn(process.execPath, [MAIN, 'plan', 'not a package'], { stdio: [...READ] });
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([2, null]);
});

it('output that cannot be written is a failure', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  const [said, ended] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  expect(said.split('reprove: ')).toHaveLength(2);
  expect(said).toMatch(/^reprove: The output could not be written\.\n {2}why: {2}ENOSPC/);
  expect(ended).toEqual([4, null]);
});
