import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Publisher } from '../../src/demo/world.ts';
import { ReproveError } from '../../src/errors.ts';
import { run } from '../../src/process.ts';
import { openClient } from './client.ts';
import { toolchain } from './toolchain/toolchain.ts';

/** The tools with which the demo's packages are published. */
const TOOLS = { node: '24.11.1', npm: '11.6.2' } as const;

/** A publisher on this machine, with tools from the registry: what a maintainer's own computer is. */
export async function openPublisher(options: { cacheDir: string }): Promise<Publisher> {
  const client = await openClient({ cacheDir: options.cacheDir, cwd: process.cwd(), registry: null });
  const { mounts } = await toolchain({ versions: TOOLS, client, cacheDirectory: options.cacheDir });
  const place = (target: string) => mounts.find((mount) => mount.target === target)?.source ?? '';
  const node = path.join(place('/opt/node'), 'bin', 'node');
  const npm = path.join(place('/opt/npm'), 'bin', 'npm-cli.js');
  return {
    nodeVersion: TOOLS.node,
    npmVersion: TOOLS.npm,
    runScript: async (folder, script) => {
      await succeed(node, [script], folder);
    },
    async pack(folder) {
      const output = path.join(folder, '..', `${path.basename(folder)}.packed`);
      await mkdir(output);
      await succeed(node, [npm, 'pack', '--ignore-scripts', `--pack-destination=${output}`], folder);
      const [file] = await readdir(output);
      const bytes = await readFile(path.join(output, file ?? ''));
      await rm(output, { recursive: true });
      return bytes;
    },
  };
}

async function succeed(file: string, args: readonly string[], cwd: string): Promise<void> {
  // npm writes its cache and logs to HOME: here they go away with the demo.
  const done = await run({
    file,
    args,
    cwd,
    env: { HOME: path.dirname(cwd), npm_config_update_notifier: 'false' },
  });
  if (done.exitCode === 0) return;
  throw new ReproveError('io', {
    what: `The demo's publisher failed to run ${path.basename(args[0] ?? file)}.`,
    why:
      Buffer.from(done.all).toString().trim().split('\n').slice(-3).join(' ') ||
      (done.startError ?? 'It said nothing.'),
    next: 'Check that the cache and temporary folders are writable and allow programs to run.',
  });
}
