import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ReproveError } from '../errors.ts';
import { run, runPiped } from '../process.ts';
import { exists, sha256OfFile, type PackageFile } from './debian.ts';
import { FAKETIME_LIBRARY, LAYOUT } from './engine.ts';
import { BASE_ENV, BUILDER_ID, KEEPER_ID } from './layout.ts';

/** Part of the name of every root file system: raise it with any change of what this file puts into the tree. */
export const RECIPE = 3;

/** Every file's time, and the image's: 2025-01-01T00:00:00Z. Any fixed instant serves. */
const INSTANT = '2025-01-01T00:00:00Z';
/** Read by people only, and a third of the size. */
const LEFT_OUT = ['doc', 'info', 'locale', 'man'];
/** The merged /usr of Debian 12; the links must exist before the first package is unpacked. */
const MERGED = ['bin', 'lib', 'lib64', 'sbin'];
/** What Docker writes without a network, so that other engines show the same. */
const HOSTS = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];
const MULTIARCH: Readonly<Record<string, string>> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** A root file system as an image; everything about it follows from the packages and the recipe. */
export interface Image {
  readonly imageId: string;
  readonly layerDigest: string;
}

/** Unpacks the packages into `directory` and adds what their scripts would have made (none is run). */
export async function unpackTree(options: {
  readonly packages: readonly PackageFile[];
  readonly directory: string;
  readonly architecture: string;
}): Promise<void> {
  const { directory, architecture } = options;
  await makeDirectory(directory, 0o755);
  await makeDirectory(join(directory, 'usr'), 0o755);
  for (const name of MERGED) {
    await makeDirectory(join(directory, 'usr', name), 0o755);
    await symlink(`usr/${name}`, join(directory, name));
  }
  const queue = [...options.packages];
  const worker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await unpack(one, directory);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  await addOwnFiles(directory, architecture);
  // No program may gain rights by being run, and every user reads the same, whoever owns the files on the host.
  await mustRun('chmod', ['--recursive', 'a+rX,go-w,ug-s', directory]);
}

/** Writes the tree as a docker-archive with the same bytes each time. */
export async function writeImage(options: {
  readonly tree: string;
  readonly archive: string;
  readonly architecture: string;
  /** A folder for intermediate files. */
  readonly scratch: string;
}): Promise<Image> {
  const parts = join(options.scratch, 'image');
  await mkdir(parts, { recursive: true });
  const layer = join(parts, 'layer.tar');
  await tar({ directory: options.tree, members: ['.'], file: layer });
  const layerDigest = await sha256OfFile(layer);
  const config = JSON.stringify(imageConfig(layerDigest, options.architecture));
  const imageDigest = createHash('sha256').update(config).digest('hex');
  await writeFile(join(parts, `${imageDigest}.json`), config);
  const manifest = [
    { Config: `${imageDigest}.json`, RepoTags: [imageTag(layerDigest)], Layers: ['layer.tar'] },
  ];
  await writeFile(join(parts, 'manifest.json'), JSON.stringify(manifest));
  await tar({
    directory: parts,
    members: [`${imageDigest}.json`, 'layer.tar', 'manifest.json'],
    file: options.archive,
  });
  await rm(parts, { recursive: true });
  return { imageId: `sha256:${imageDigest}`, layerDigest };
}

/** A name for people, and for engines that do not name images by their configuration. */
export function imageTag(layerDigest: string): string {
  return `reprove-rootfs:${layerDigest.slice(0, 16)}`;
}

function imageConfig(layerDigest: string, architecture: string): object {
  return {
    architecture,
    os: 'linux',
    created: INSTANT,
    config: {
      User: `${BUILDER_ID}:${BUILDER_ID}`,
      Env: Object.entries(BASE_ENV).map(([name, value]) => `${name}=${value}`),
      WorkingDir: LAYOUT.work,
      Cmd: ['/bin/bash'],
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: INSTANT, created_by: `reprove root file system, recipe ${RECIPE}` }],
  };
}

async function unpack(one: PackageFile, directory: string): Promise<void> {
  const excluded = LEFT_OUT.map((name) => `--exclude=./usr/share/${name}`);
  const flags = ['--keep-directory-symlink', '--no-same-owner', '--same-permissions', ...excluded];
  const failure = await runPiped(
    { file: 'dpkg-deb', args: ['--fsys-tarfile', one.file] },
    { file: 'tar', args: ['--extract', '--directory', directory, ...flags] },
  );
  if (failure !== null) throw broken(`Unpacking ${one.name} ${one.version} failed: ${failure}`);
}

async function addOwnFiles(root: string, architecture: string): Promise<void> {
  // Commands that packages only offer, and their scripts link.
  await link(root, 'usr/bin/sh', 'bash');
  await link(root, 'usr/bin/awk', 'mawk');
  await link(root, 'usr/bin/cc', 'gcc');
  await link(root, 'usr/bin/c++', 'g++');
  await link(root, 'usr/bin/which', 'which.debianutils');
  await link(root, FAKETIME_LIBRARY.slice(1), `${MULTIARCH[architecture] ?? ''}/faketime/libfaketime.so.1`);
  // Everything writable is one file system, so temporary files count like all others.
  await link(root, 'tmp', `.${LAYOUT.temporary}`);
  await link(root, 'var/tmp', `..${LAYOUT.temporary}`);
  // Mount points: the tree is read-only when they are needed.
  for (const path of [LAYOUT.work, LAYOUT.tools, LAYOUT.socketDirectory, '/proc', '/sys', '/dev']) {
    await makeDirectory(join(root, path), 0o755);
  }
  await file(root, LAYOUT.sourceArchive, '');
  const { home } = LAYOUT;
  const users = [
    'root:x:0:0:root:/root:/bin/bash',
    `builder:x:${BUILDER_ID}:${BUILDER_ID}:builder:${home}:/bin/bash`,
    `keeper:x:${KEEPER_ID}:${KEEPER_ID}:keeper:/:/bin/false`,
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
  ];
  const groups = ['root:x:0:', `builder:x:${BUILDER_ID}:`, `keeper:x:${KEEPER_ID}:`, 'nogroup:x:65534:'];
  await file(root, '/etc/passwd', `${users.join('\n')}\n`);
  await file(root, '/etc/group', `${groups.join('\n')}\n`);
  await file(root, '/etc/hostname', 'builder\n');
  await file(root, '/etc/hosts', `${HOSTS.join('\n')}\n`);
  await file(root, '/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  await file(root, '/etc/resolv.conf', 'nameserver 127.0.0.1\n');
}

async function file(root: string, path: string, text: string): Promise<void> {
  await makeDirectory(join(root, path, '..'), 0o755);
  await rm(join(root, path), { force: true });
  await writeFile(join(root, path), text);
  await chmod(join(root, path), 0o644);
}

async function link(root: string, path: string, target: string): Promise<void> {
  await rm(join(root, path), { recursive: true, force: true });
  await symlink(target, join(root, path));
}

/** Independent of our umask. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  if (await exists(path)) return;
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}

async function tar(options: {
  readonly directory: string;
  readonly members: readonly string[];
  readonly file: string;
}): Promise<void> {
  const fixed = [
    '--sort=name',
    `--mtime=${INSTANT}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
  ];
  const plain = ['--no-acls', '--no-selinux', '--no-xattrs'];
  const where = ['--directory', options.directory, '--file', options.file];
  await mustRun('tar', ['--create', ...fixed, ...plain, ...where, '--', ...options.members]);
}

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const result = await run({ file: program, args });
  if (result.exitCode === 0) return;
  throw broken(
    `${program} failed: ${result.startError ?? new TextDecoder().decode(result.all).slice(-2000)}`,
  );
}

function broken(why: string): ReproveError {
  return new ReproveError('image-unavailable', {
    what: 'The root file system of the sandbox could not be put together.',
    why,
    next: 'Check that GNU tar, findutils and dpkg are installed and that the cache folder has 500 MB free.',
  });
}
