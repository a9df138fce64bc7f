import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Deadline } from '../deadline.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { ReproveError } from '../errors.ts';
import type { RebuildPlan, Tool } from '../model/plan.ts';
import { makeOwned, sweepOwned } from '../owner.ts';
import { type Engine, type Limits, LAYOUT, type RootFilesystem, type Sandbox } from '../sandbox/engine.ts';

/** Where and for how long a search may run programs. */
export interface Workshop {
  readonly ecosystem: Ecosystem;
  readonly engine: Engine;
  readonly rootfs: () => Promise<RootFilesystem>;
  readonly limits: Limits;
  readonly deadline: Deadline;
  /** Where temporary folders may be made. */
  readonly cacheDir: string;
}

export interface SandboxRequest<T> {
  readonly workshop: Workshop;
  readonly toolchain: RebuildPlan['toolchain'];
  /** A tar that is laid out as the source; default: an empty one. */
  readonly source?: Uint8Array;
  /** Bytes of a file that steps find at `INPUT_FILE`. */
  readonly input?: Uint8Array;
  use(sandbox: Sandbox): Promise<T>;
}

/** Where steps find the input. */
export const INPUT_FILE: string = `${LAYOUT.tools}/input/input`;

const FOLDER_PREFIX = 'exact-';
/** Two blocks of zeros: a tar of nothing. */
const EMPTY_TAR = new Uint8Array(1024);

/**
 * Opens a new sandbox without any network, hands it on, and removes it.
 * @returns null when the tools are not to be had: a search without them is less, but no failure
 */
export async function inSandbox<T>(
  request: SandboxRequest<T>,
): Promise<{ readonly value: T; readonly tools: readonly Tool[] } | null> {
  const { ecosystem, cacheDir } = request.workshop;
  const toolchain = await ecosystem.tools(request).catch(notToBeHad);
  if (toolchain === null) return null;
  const temporary = path.join(cacheDir, 'tmp');
  await sweepOwned(temporary, FOLDER_PREFIX);
  const folder = await makeOwned(temporary, FOLDER_PREFIX);
  try {
    return { value: await useIn(folder, request, toolchain.mounts), tools: toolchain.tools };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Mounts = Awaited<ReturnType<Ecosystem['tools']>>['mounts'];

async function useIn<T>(folder: string, request: SandboxRequest<T>, mounts: Mounts): Promise<T> {
  const { workshop, source = EMPTY_TAR, input = new Uint8Array() } = request;
  const sourceArchive = path.join(folder, 'source.tar');
  const inputFolder = path.join(folder, 'input');
  await mkdir(inputFolder);
  await Promise.all([chmod(folder, 0o755), chmod(inputFolder, 0o755)]);
  await Promise.all([writeFile(sourceArchive, source), writeFile(path.join(inputFolder, 'input'), input)]);
  const sandbox = await workshop.engine.open({
    rootfs: await workshop.rootfs(),
    sourceArchive,
    unpackInto: LAYOUT.source,
    mounts: [...mounts, { source: inputFolder, target: path.posix.dirname(INPUT_FILE) }],
    socketDirectory: null,
    phases: ['pack'],
    limits: workshop.limits,
  });
  try {
    return await request.use(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** For what only a registry can give: it may fail or have no such tool. Anything else is a fault of ours. */
export function notToBeHad(thrown: unknown): null {
  if (thrown instanceof ReproveError && thrown.code !== 'internal') return null;
  throw thrown;
}
