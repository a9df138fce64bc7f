import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ReproveError } from '../errors.ts';
import { run, type RunResult } from '../process.ts';

const APT_HELPER = '/usr/lib/apt/apt-helper';
const DOWNLOAD_MS = 10 * 60 * 1000;

/** One package file of the lock. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Path below the archive's base URI, for example `pool/main/b/bash/bash_5.2.15-2_amd64.deb`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** A package file on this machine. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

/** What makes up the root file system, by name; their dependencies follow. */
export const PACKAGE_NAMES = [
  'base-files',
  'bash',
  'coreutils',
  'dash',
  'debianutils',
  'diffutils',
  'findutils',
  // With python3 and make, what node-gyp compiles with.
  'g++',
  'git',
  'grep',
  'gzip',
  'hostname',
  'iproute2',
  'jq',
  'libatomic1',
  'libc-bin',
  'libc6',
  'libfaketime',
  'libstdc++6',
  'make',
  'mawk',
  'patch',
  'procps',
  'python3',
  'rsync',
  'sed',
  'tar',
  'tini',
  'unzip',
  'zip',
] as const;

/** Throws `image-unavailable` unless the programs that fetch and unpack packages are here. */
export async function requirePackageTools(): Promise<void> {
  const wanted = [APT_HELPER, '/usr/bin/apt-get', '/usr/bin/dpkg-deb'];
  const found = await Promise.all(wanted.map((file) => exists(file)));
  const missing = wanted.filter((_, index) => found[index] !== true);
  if (missing.length === 0) return;
  throw new ReproveError('image-unavailable', {
    what: 'The root file system of the sandbox cannot be made.',
    why: `It is put together from Debian packages, and this machine has no ${missing.join(', ')}.`,
    next: 'Run on Debian, Ubuntu or another system with apt, or in the image that the Dockerfile describes.',
  });
}

/**
 * Fetches exactly the locked packages into `directory`, whatever apt's lists hold.
 * Gives the files when all could be had, else the locked packages that could not.
 */
export async function fetchLocked(options: {
  readonly packages: readonly LockedPackage[];
  readonly directory: string;
  readonly architecture: string;
}): Promise<{ readonly files: readonly PackageFile[]; readonly missing: readonly LockedPackage[] }> {
  const files = options.packages.map((one) => ({
    name: one.name,
    version: one.version,
    file: join(options.directory, `${one.sha256}.deb`),
  }));
  await mkdir(options.directory, { recursive: true });
  const configuration = await writeConfiguration({ directory: options.directory });
  let missing = options.packages;
  for (const base of await archiveBases()) {
    await download({ base, packages: missing, directory: options.directory, configuration });
    missing = await notYetHere(missing, options.directory);
    if (missing.length === 0) break;
  }
  return { files, missing };
}

/**
 * Fetches the newest versions that the machine's own apt sources have of the same packages, through a private apt
 * state so that neither root nor filled lists are needed.
 * @param sources the text of a one-line-style source list that replaces the machine's own.
 */
export async function fetchNewest(options: {
  readonly directory: string;
  readonly architecture: string;
  readonly sources?: string;
}): Promise<readonly PackageFile[]> {
  const archives = join(options.directory, 'cache', 'archives');
  await mkdir(join(options.directory, 'state', 'lists', 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  const configuration = await writeConfiguration(options);
  succeed('apt-get update', await apt(['-c', configuration, '-q', 'update']));
  const install = ['-q', '-y', '-d', '--no-install-recommends', 'install', ...PACKAGE_NAMES];
  succeed('apt-get install', await apt(['-c', configuration, ...install]));
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb')).sort();
  return Promise.all(files.map((name) => describe(join(archives, name))));
}

/** The URIs below which this machine's apt finds Debian archives, best first, each with a slash at its end. */
export async function archiveBases(): Promise<readonly string[]> {
  const own = process.env['REPROVE_DEBIAN_MIRROR'];
  // Without release information apt answers from its configuration alone, so empty lists do not matter.
  const format = [
    '--no-release-info',
    '--format',
    '$(RELEASE) $(COMPONENT) $(REPO_URI)',
    'Created-By: Packages',
  ];
  const listed = await apt(['indextargets', ...format]);
  const targets = new TextDecoder()
    .decode(listed.stdout)
    .split('\n')
    .map((line) => line.split(' '))
    .filter((parts) => parts.length === 3 && parts[1] === 'main');
  const main = targets.filter(([release]) => release === SUITE);
  const uris = [...main, ...targets].flatMap(([, , uri]) => (uri === undefined ? [] : [uri]));
  return [...new Set([...(own === undefined || own === '' ? [] : [own]), ...uris].map(withSlash))];
}

/** The suite of the lock. Its `main` no longer changes, unlike its updates, so that locked files stay available. */
export const SUITE = 'bookworm';

/** sha256 of a file, hex. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** True when something is at the path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function download(options: {
  readonly base: string;
  readonly packages: readonly LockedPackage[];
  readonly directory: string;
  readonly configuration: string;
}): Promise<void> {
  const triplets = options.packages.flatMap((one) => [
    options.base + encodeURI(one.path).replaceAll('+', '%2b'),
    join(options.directory, `${one.sha256}.deb`),
    `SHA256:${one.sha256}`,
  ]);
  // Its exit code says only that some file failed; what counts is which files are here afterwards.
  const helper = {
    file: APT_HELPER,
    args: ['-c', options.configuration, '-q', 'download-file', ...triplets],
  };
  await run({ ...helper, inheritEnv: true, timeoutMs: DOWNLOAD_MS });
}

/** Never trusts the downloader: reads each file again. A file that is not the locked one is removed. */
async function notYetHere(
  packages: readonly LockedPackage[],
  directory: string,
): Promise<readonly LockedPackage[]> {
  const missing: LockedPackage[] = [];
  for (const one of packages) {
    const file = join(directory, `${one.sha256}.deb`);
    if ((await exists(file)) && (await sha256OfFile(file)) === one.sha256) continue;
    await rm(file, { force: true });
    missing.push(one);
  }
  return missing;
}

async function describe(file: string): Promise<PackageFile> {
  const shown = await run({
    file: 'dpkg-deb',
    args: ['--show', '--showformat', '${Package} ${Version}', file],
  });
  const [name, version] = new TextDecoder().decode(shown.stdout).split(' ');
  if (shown.exitCode === 0 && name !== undefined && version !== undefined) return { name, version, file };
  throw unavailable(`dpkg-deb cannot read ${basename(file)}.`);
}

/** apt's settings for a private state; `#clear` keeps the machine's own hooks from running. */
async function writeConfiguration(options: {
  readonly directory: string;
  readonly architecture?: string;
  readonly sources?: string;
}): Promise<string> {
  const { directory, architecture, sources } = options;
  const settings: Record<string, string> = {
    'Dir::State': join(directory, 'state'),
    // An empty status: the packages of this machine are not those of the root file system.
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(directory, 'cache'),
    'Debug::NoLocking': '1',
    'Acquire::Retries': '2',
    'Acquire::Languages': 'none',
    // apt as root would drop to a user who may not write here.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
    ...(architecture === undefined ? {} : { 'APT::Architecture': architecture }),
  };
  if (sources !== undefined) {
    settings['Dir::Etc::sourcelist'] = join(directory, 'sources.list');
    settings['Dir::Etc::sourceparts'] = '/dev/null';
    await writeFile(join(directory, 'sources.list'), sources);
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  if (architecture !== undefined)
    lines.push('#clear APT::Architectures;', `APT::Architectures { "${architecture}"; };`);
  lines.push('#clear APT::Update::Pre-Invoke;', '#clear APT::Update::Post-Invoke;');
  lines.push('#clear APT::Update::Post-Invoke-Success;');
  const file = join(directory, 'apt.conf');
  await writeFile(file, lines.join('\n') + '\n');
  return file;
}

/** apt is configured by files and by proxy variables of the environment. */
function apt(args: readonly string[]): Promise<RunResult> {
  return run({ file: 'apt-get', args, inheritEnv: true, timeoutMs: DOWNLOAD_MS });
}

function succeed(what: string, result: RunResult): void {
  if (result.exitCode === 0) return;
  const said = new TextDecoder().decode(result.all).trim().split('\n').slice(-3).join(' ');
  throw unavailable(`${what} failed: ${result.startError ?? said}`);
}

function unavailable(why: string): ReproveError {
  return new ReproveError('image-unavailable', {
    what: 'The packages of the sandbox could not be fetched.',
    why,
    next: 'Check that apt-get update works on this machine, or name a Debian mirror in REPROVE_DEBIAN_MIRROR.',
  });
}

function withSlash(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`;
}
