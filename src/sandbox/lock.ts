/**
 * Makes `rootfs.lock.json` anew from the newest state of the suite's `main`, for the architectures named as arguments
 * (default: amd64 arm64). Run by hand: `node src/sandbox/lock.ts`.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../process.ts';
import {
  archiveBases,
  fetchNewest,
  sha256OfFile,
  SUITE,
  type LockedPackage,
  type PackageFile,
} from './debian.ts';
import { unpackTree, writeImage } from './image.ts';

const LOCK_FILE = fileURLToPath(new URL('./rootfs.lock.json', import.meta.url));
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const architectures: Record<string, object> = {};
for (const architecture of process.argv.length > 2 ? process.argv.slice(2) : ['amd64', 'arm64']) {
  architectures[architecture] = await lockOf(architecture);
}
await writeFile(
  LOCK_FILE,
  `${JSON.stringify({ suite: SUITE, component: 'main', architectures }, null, 2)}\n`,
);

async function lockOf(architecture: string): Promise<object> {
  const base = (await archiveBases())[0];
  if (base === undefined) throw new Error('apt has no source to take the packages from');
  const scratch = await mkdtemp(join(tmpdir(), 'reprove-lock-'));
  try {
    const directory = join(scratch, 'packages');
    await mkdir(directory);
    const sources = `deb [signed-by=${KEYRING}] ${base} ${SUITE} main\n`;
    const files = await fetchNewest({ directory, architecture, sources });
    const packages: LockedPackage[] = [];
    for (const one of files) packages.push(await locked(one));
    const tree = join(scratch, 'tree');
    await unpackTree({ packages: files, directory: tree, architecture });
    const image = await writeImage({ tree, archive: join(scratch, 'image.tar'), architecture, scratch });
    return { imageId: image.imageId, packages };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function locked(one: PackageFile): Promise<LockedPackage> {
  return {
    name: one.name,
    version: one.version,
    path: await poolPath(one),
    size: (await stat(one.file)).size,
    sha256: await sha256OfFile(one.file),
  };
}

/** Debian Policy and the archive's layout: `pool/main/<prefix>/<source>/<name>_<version without epoch>_<arch>.deb`. */
async function poolPath(one: PackageFile): Promise<string> {
  const format = '${source:Package} ${Architecture}';
  const shown = await run({ file: 'dpkg-deb', args: ['--show', '--showformat', format, one.file] });
  const [source, architecture] = new TextDecoder().decode(shown.stdout).split(' ');
  if (source === undefined || architecture === undefined) throw new Error(`dpkg-deb cannot read ${one.file}`);
  const prefix = source.startsWith('lib') ? source.slice(0, 4) : source.slice(0, 1);
  const version = one.version.replace(/^[0-9]+:/, '');
  return `pool/main/${prefix}/${source}/${one.name}_${version}_${architecture}.deb`;
}
