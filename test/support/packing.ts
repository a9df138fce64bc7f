import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openClient } from '../../builders/npm/client.ts';
import { toolchain } from '../../builders/npm/toolchain/toolchain.ts';
import { run } from '../../src/process.ts';
import { gzipOf } from './tarball.ts';

const NODE = '22.14.0';

interface Packer {
  /** Versions of the toolchain besides Node. */
  readonly tools: Readonly<Record<string, string>>;
  /** The file of the toolchain that Node runs, and its arguments. */
  command(output: string): readonly [file: string, ...args: string[]];
  /** What is published of what it packed; default as it is. */
  readonly published?: (bytes: Buffer) => Buffer;
}

/** How maintainers pack, with the real programs. */
export const PACKERS = {
  npm: {
    tools: { npm: '10.9.2' },
    command: (output) => ['npm/bin/npm-cli.js', 'pack', '--ignore-scripts', `--pack-destination=${output}`],
  },
  pnpm: {
    tools: { npm: '10.9.2', pnpm: '9.15.9' },
    command: (output) => ['pnpm/bin/pnpm.cjs', 'pack', '--pack-destination', output],
  },
  'yarn classic': {
    tools: { npm: '10.9.2', yarn: '1.22.22' },
    command: (output) => ['yarn/bin/yarn.js', 'pack', '--filename', path.join(output, 'a.tgz')],
  },
  'yarn berry': {
    tools: { npm: '10.9.2', yarn: '4.6.0' },
    command: (output) => ['yarn/bin/yarn.js', 'pack', '--out', path.join(output, 'a.tgz')],
  },
  // It packs with the library of npm, and compresses at level 6.
  lerna: {
    tools: { npm: '10.9.2' },
    command: (output) => ['npm/bin/npm-cli.js', 'pack', '--ignore-scripts', `--pack-destination=${output}`],
    published: (bytes) => gzipOf(gunzipSync(bytes), { extraFlags: 0, level: 6 }),
  },
} as const satisfies Record<string, Packer>;
export type PackerName = keyof typeof PACKERS;

/** A folder as a packer packs it on this machine: the folders of tests are our own. */
export async function packedWith(
  name: PackerName,
  { folder, cacheDir }: { readonly folder: string; readonly cacheDir: string },
): Promise<Buffer> {
  const packer: Packer = PACKERS[name];
  const client = await openClient({ cacheDir, cwd: folder, registry: null });
  const versions = { node: NODE, ...packer.tools };
  const { mounts } = await toolchain({ versions, client, cacheDirectory: cacheDir });
  const place = (target: string) => mounts.find((mount) => mount.target === `/opt/${target}`)?.source ?? '';
  const output = `${folder}.packed`;
  mkdirSync(output);
  const [file, ...args] = packer.command(output);
  const [role = '', ...rest] = file.split('/');
  const done = await run({
    file: path.join(place('node'), 'bin/node'),
    args: [path.join(place(role), ...rest), ...args],
    cwd: folder,
    env: { HOME: path.dirname(folder), PATH: '/usr/bin:/bin', COREPACK_ENABLE_STRICT: '0' },
  });
  const [packed] = readdirSync(output);
  if (packed === undefined) throw new Error(Buffer.from(done.all).toString());
  const bytes = readFileSync(path.join(output, packed));
  return packer.published?.(bytes) ?? bytes;
}
