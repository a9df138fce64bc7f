import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { openClient } from '../../builders/npm/client.ts';
import { INSIDE_DIRECTORY } from '../../builders/npm/inside.ts';
import { startProxy } from '../../builders/npm/proxy/proxy.ts';
import type { RegistryClient } from '../../builders/npm/registry/client.ts';
import { registryOf } from '../../builders/npm/registry/config.ts';
import { toolchain, type Toolchain } from '../../builders/npm/toolchain/toolchain.ts';
import { run } from '../../src/process.ts';
import type { EngineName, RootFilesystem } from '../../src/sandbox/engine.ts';
import { BASE_ENV, FORWARDER_FILE } from '../../src/sandbox/layout.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { seccompFilter } from '../../src/sandbox/seccomp.ts';
import { parseRepositoryUrl, remotesFor } from '../../src/source/repository-url.ts';
import type { ResultDocument } from './reprove.ts';

const SCRIPTS = join(import.meta.dirname, '../by-hand');
const TIMEOUT_MS = 600_000;

/** What a person keeps from one rebuild to the next. */
interface Prepared {
  readonly rootfs: RootFilesystem;
  readonly toolchain: Toolchain;
  readonly client: RegistryClient;
}

const prepared = new Map<string, Promise<Prepared>>();

/** Root file system and toolchain; our own functions are the hand's tools. Kept, so that a warm run pays nothing for them. */
export async function prepareHand(options: {
  readonly document: ResultDocument;
  readonly cacheDir: string;
}): Promise<void> {
  await preparedIn(options);
}

function preparedIn({ document, cacheDir }: Parameters<typeof prepareHand>[0]): Promise<Prepared> {
  const { node, npm } = document.plan.toolchain;
  const key = JSON.stringify([cacheDir, node, npm]);
  const known = prepared.get(key) ?? prepare({ node, npm, cacheDir });
  prepared.set(key, known);
  return known;
}

async function prepare(options: { node: string; npm: string; cacheDir: string }): Promise<Prepared> {
  const { cacheDir } = options;
  const client = await openClient({ cacheDir, cwd: process.cwd(), registry: null });
  const [rootfs, tools] = await Promise.all([
    rootFilesystem({ cacheDir }),
    toolchain({ versions: { node: options.node, npm: options.npm }, client, cacheDirectory: cacheDir }),
  ]);
  await writeFile(join(cacheDir, 'seccomp.bpf'), seccompFilter() ?? '');
  return { rootfs, toolchain: tools, client };
}

/** One rebuild with the script of an engine. Throws when it fails or the bytes are not the published ones. */
export async function byHand(options: {
  readonly document: ResultDocument;
  readonly engine: EngineName;
  readonly mirror: string;
  readonly cacheDir: string;
}): Promise<void> {
  const { document, engine, cacheDir } = options;
  const kept = await preparedIn(options);
  const { subject, plan, source } = document;
  const folder = await mkdtemp(join(cacheDir, 'run-'));
  const socketDirectory = join(folder, 'registry');
  await mkdir(socketDirectory);
  const fetches = plan.steps.filter((step) => step.phase === 'fetch');
  const others = plan.steps.filter((step) => step.phase !== 'fetch');
  const cutoff = new Date(plan.registryTime);
  const proxy =
    fetches.length === 0 ? null : await startProxy({ client: kept.client, cutoff, socketDirectory });
  try {
    const ended = await run({
      file: 'bash',
      args: [join(SCRIPTS, `${engine}.sh`), ...fetches.flatMap(words), '--', ...others.flatMap(words)],
      inheritEnv: true,
      timeoutMs: TIMEOUT_MS,
      env: {
        ...environment(kept, cacheDir),
        FOLDER: folder,
        SOCKET_FOLDER: socketDirectory,
        NAME: subject.name,
        VERSION: subject.version,
        REGISTRY: registryOf(kept.client.options, subject.name),
        REMOTE: remote(source.repository, options.mirror),
        TAG: source.ref.slice('refs/tags/'.length),
      },
    });
    if (ended.exitCode !== 0)
      throw new Error(
        `${subject.name} by hand with ${engine} failed:\n${new TextDecoder().decode(ended.all)}`,
      );
  } finally {
    await proxy?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function environment({ rootfs, toolchain: tools }: Prepared, cacheDir: string): Record<string, string> {
  const mount = (target: string) => tools.mounts.find((one) => one.target === target)?.source ?? '';
  return {
    ROOTFS: rootfs.directory,
    IMAGE: rootfs.imageId,
    NODE: mount('/opt/node'),
    NPM: mount('/opt/npm'),
    SHIMS: mount('/opt/shims'),
    FORWARDER: FORWARDER_FILE,
    HELPERS: INSIDE_DIRECTORY,
    SECCOMP: join(cacheDir, 'seccomp.bpf'),
    DISK: String(Math.floor(totalmem() / 4)),
    MEMORY: String(Math.floor(totalmem() / 2)),
  };
}

/** A step as words for `by-hand/steps.sh`. */
function words(step: ResultDocument['plan']['steps'][number]): readonly string[] {
  const env = Object.entries({ ...BASE_ENV, PWD: step.cwd, ...step.env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return ['/usr/bin/env', '-i', '-C', step.cwd, ...env, ...step.argv, step.optional ? '?;' : ';'];
}

/** Where to clone from; git takes no depth from a bare path. */
function remote(repository: string, mirror: string): string {
  const url = parseRepositoryUrl(repository);
  const first = url === null ? repository : (remotesFor(url, mirror === '' ? [] : [mirror])[0] ?? repository);
  return isAbsolute(first) ? `file://${first}` : first;
}
