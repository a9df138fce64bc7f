import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hold, run, type HeldProcess, type RunResult } from '../process.ts';
import { makeStepGroup, sweepGroups, type StepGroup } from './cgroup.ts';
import { checkPhase, checkSpec, engineFailed } from './check.ts';
import { NOT_ONE_FILE, prepareCommand, readCommand, statusCommand, stepCommand } from './command.ts';
import {
  LAYOUT,
  type Engine,
  type Limits,
  type Sandbox,
  type SandboxSpec,
  type StepOutcome,
} from './engine.ts';
import { BUILDER_ID } from './layout.ts';
import { FRESH, judgeExit, judgeTimeout, parseStatus } from './outcome.ts';
import { ownerIsGone, ownerName } from './owner.ts';
import { seccompFilter } from './seccomp.ts';

/** The first version with `--disable-userns`. */
const OLDEST: readonly [number, number] = [0, 8];
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
const HELPER_MS = 60_000;
const FOLDER_PREFIX = 'reprove-sandbox-';

// Keeps one tmpfs in a mount namespace of its own, and says which process that is, until our end of its stdin is closed, by us or by our death.
const HOLDER_SCRIPT = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo $$ && exec cat >/dev/null';
// Joins the control groups before anything of the step runs, so that no process can be missed.
const JOIN_SCRIPT = `while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift; exec "$@"`;

/** bubblewrap: no daemon, and no root needed. */
export const bwrapEngine: Engine = {
  name: 'bwrap',
  unavailable,
  open: async (spec) => {
    checkSpec(spec);
    await Promise.all([sweepGroups(), sweepFolders()]);
    const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${ownerName()}-`));
    const holder = await startHolder(folder, spec.limits);
    if (typeof holder === 'string') {
      await rm(folder, { recursive: true });
      throw engineFailed('bwrap', holder);
    }
    return new BwrapSandbox(spec, folder, holder);
  },
};

class BwrapSandbox implements Sandbox {
  readonly #spec: SandboxSpec;
  readonly #folder: string;
  readonly #holder: HeldProcess;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #prepared: Promise<StepOutcome>;
  #fetchIsOver = false;
  #isFinished = false;
  #closed: Promise<void> | undefined;

  constructor(spec: SandboxSpec, folder: string, holder: HeldProcess) {
    this.#spec = spec;
    this.#folder = folder;
    this.#holder = holder;
    this.#prepared = this.#step(prepareCommand(), false, HELPER_MS);
    // Whoever runs the first step sees the failure; until then it is nobody's.
    this.#prepared.catch(() => undefined);
  }

  async run(step: Parameters<Sandbox['run']>[0]): Promise<StepOutcome> {
    checkPhase(this.#spec, step.phase, this.#fetchIsOver);
    this.#fetchIsOver ||= step.phase !== 'fetch';
    const prepared = await this.#prepared;
    if (prepared.kind !== 'exited') return this.#note(prepared);
    if (prepared.exitCode !== 0) throw engineFailed('bwrap', `Unpacking the source failed: ${prepared.log}`);
    if (this.#isFinished) throw engineFailed('bwrap', 'The sandbox ended with an earlier step.');
    const { limits } = this.#spec;
    return this.#note(await this.#step(null, step.phase === 'fetch', limits.stepMs, step));
  }

  async readOnlyFile(directory: string, maxBytes: number): Promise<Uint8Array | null> {
    await this.#prepared;
    const read = await this.#inside(readCommand(directory, maxBytes + 1), { maxBytes: maxBytes + 1 });
    if (read.exitCode === NOT_ONE_FILE) return null;
    if (read.exitCode !== 0) throw engineFailed('bwrap', said(read));
    return read.stdout.length > maxBytes ? null : read.stdout;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isFinished = true;
    this.#abort.abort();
    await Promise.allSettled(this.#running);
    await this.#holder.release();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #note(outcome: StepOutcome): StepOutcome {
    if (outcome.kind !== 'exited') this.#isFinished = true;
    return outcome;
  }

  async #step(
    fixed: readonly string[] | null,
    hasSocket: boolean,
    timeoutMs: number,
    step?: Parameters<Sandbox['run']>[0],
  ): Promise<StepOutcome> {
    const { limits } = this.#spec;
    const group = await makeStepGroup(limits);
    try {
      const processLimits = {
        fileBytes: limits.diskBytes,
        dataBytes: group === null ? limits.memoryBytes : null,
        processes: group === null ? limits.processes : null,
      };
      const command = fixed ?? (step === undefined ? [] : stepCommand(step, processLimits));
      const ended = await this.#inside(command, { hasSocket, timeoutMs, group, maxBytes: limits.logBytes });
      return await this.#judge(ended, group);
    } finally {
      await group?.remove();
    }
  }

  async #judge(ended: RunResult, group: StepGroup | null): Promise<StepOutcome> {
    const log = logOf(ended);
    const counted = (await group?.status()) ?? FRESH;
    const before = FRESH;
    if (ended.timedOut) return judgeTimeout({ log, before, after: counted, withoutCounters: group === null });
    if (this.#abort.signal.aborted) throw engineFailed('bwrap', 'The sandbox was closed.');
    const exitCode = exitCodeOf(ended);
    // The kernel may have chosen bwrap itself when memory ran out.
    if (exitCode === null && counted.memoryKills > 0) return { kind: 'limit', limit: 'memory', log };
    if (exitCode === null) throw engineFailed('bwrap', said(ended));
    const after = exitCode === 0 ? counted : { ...counted, diskFull: await this.#isDiskFull() };
    return judgeExit({ exitCode, log, before, after, withoutCounters: group === null });
  }

  async #isDiskFull(): Promise<boolean> {
    const shown = await this.#inside(statusCommand(), {});
    return parseStatus(new TextDecoder().decode(shown.stdout)).diskFull;
  }

  #inside(command: readonly string[], options: InsideOptions): Promise<RunResult> {
    const running = this.#spawn(command, options);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running)).catch(() => undefined);
    return running;
  }

  async #spawn(command: readonly string[], options: InsideOptions): Promise<RunResult> {
    const filter = seccompFilter();
    if (filter === null) throw engineFailed('bwrap', `There is no system call filter for ${process.arch}.`);
    const join = ['-c', JOIN_SCRIPT, 'join', ...(options.group?.joinFiles ?? []), '--'];
    const enter = [
      'nsenter',
      '--target',
      this.#holder.line,
      '--user',
      '--preserve-credentials',
      '--mount',
      '--',
    ];
    const sandbox = bwrapArguments({
      spec: this.#spec,
      folder: this.#folder,
      hasSocket: options.hasSocket === true,
    });
    const result = await run({
      file: '/bin/sh',
      args: [
        ...join,
        ...enter,
        'bwrap',
        '--seccomp',
        '3',
        '--json-status-fd',
        '4',
        ...sandbox,
        '--',
        ...command,
      ],
      cwd: '/',
      extraInputs: [filter],
      statusFd: true,
      timeoutMs: options.timeoutMs ?? HELPER_MS,
      maxBytes: options.maxBytes ?? 65536,
      signal: this.#abort.signal,
    });
    return result;
  }
}

interface InsideOptions {
  readonly hasSocket?: boolean;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly group?: StepGroup | null;
}

function bwrapArguments(options: {
  readonly spec: SandboxSpec;
  readonly folder: string;
  readonly hasSocket: boolean;
}): readonly string[] {
  const { spec, folder, hasSocket } = options;
  const isolation = [
    '--unshare-user',
    '--unshare-all',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
  ];
  const identity = [
    '--cap-drop',
    'ALL',
    '--uid',
    String(BUILDER_ID),
    '--gid',
    String(BUILDER_ID),
    '--hostname',
    'builder',
  ];
  const root = ['--ro-bind', spec.rootfs.directory, '/', '--proc', '/proc', '--dev', '/dev'];
  // bwrap's own tmpfs have no size of their own, so each is bounded or made read-only.
  const shared = [
    '--perms',
    '1777',
    '--size',
    String(SHARED_MEMORY_BYTES),
    '--tmpfs',
    '/dev/shm',
    '--remount-ro',
    '/dev',
  ];
  const tools = ['--size', '1048576', '--tmpfs', LAYOUT.tools];
  const mounts = spec.mounts.flatMap(({ source, target }) => ['--ro-bind', source, target]);
  const work = [
    '--bind',
    join(folder, 'work'),
    LAYOUT.work,
    '--ro-bind',
    spec.sourceArchive,
    LAYOUT.sourceArchive,
  ];
  const socket =
    hasSocket && spec.socketDirectory !== null
      ? ['--ro-bind', spec.socketDirectory, LAYOUT.socketDirectory]
      : [];
  const start = ['--chdir', LAYOUT.work];
  return [
    ...isolation,
    ...identity,
    ...root,
    ...shared,
    ...tools,
    ...mounts,
    '--remount-ro',
    LAYOUT.tools,
    ...work,
    ...socket,
    ...start,
  ];
}

async function startHolder(folder: string, limits: Limits): Promise<HeldProcess | string> {
  const work = join(folder, 'work');
  await mkdir(work);
  // Two inodes a block: folders and links need one without a block.
  const size = [`size=${limits.diskBytes}`, `nr_inodes=${Math.ceil(limits.diskBytes / 2048)}`];
  const options = [...size, 'mode=0755', 'nosuid', 'nodev'].join(',');
  const namespaces = ['--user', '--map-root-user', '--mount', '--propagation', 'private'];
  return hold({
    file: 'unshare',
    args: [...namespaces, '--', '/bin/sh', '-c', HOLDER_SCRIPT, 'holder', options, work],
  });
}

/** bwrap reports an exit code on its status descriptor only when the command itself ran. */
function exitCodeOf(ended: RunResult): number | null {
  return new TextDecoder().decode(ended.status).includes('"exit-code"') ? ended.exitCode : null;
}

function said(ended: RunResult): string {
  return ended.startError ?? new TextDecoder().decode(ended.all).slice(-2000);
}

function logOf(ended: RunResult): string {
  const text = new TextDecoder().decode(ended.stdout);
  return ended.truncated ? `[the start of this log was not kept]\n${text}` : text;
}

async function unavailable(): Promise<string | null> {
  if (process.platform !== 'linux') return 'bubblewrap needs Linux.';
  if (seccompFilter() === null) return `There is no system call filter for the architecture ${process.arch}.`;
  const version = await run({ file: 'bwrap', args: ['--version'] });
  if (version.exitCode !== 0) return 'bubblewrap (bwrap) is not installed.';
  const text = new TextDecoder().decode(version.stdout).trim();
  const [major = 0, minor = 0] = text
    .replace(/^[^0-9]*/, '')
    .split('.')
    .map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (isOld) return `${text} is too old; ${OLDEST.join('.')} is needed.`;
  const flags = [
    '--unshare-user',
    '--unshare-all',
    '--disable-userns',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ];
  const namespaces = ['--user', '--map-root-user', '--mount', '--propagation', 'private', '--'];
  const trial = await run({
    file: 'unshare',
    args: [...namespaces, 'bwrap', ...flags, '--', 'true'],
    timeoutMs: 10_000,
  });
  return trial.exitCode === 0
    ? null
    : `bubblewrap cannot make a sandbox on this machine: ${said(trial).trim()}`;
}

async function sweepFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const owner = name.slice(FOLDER_PREFIX.length, name.lastIndexOf('-'));
    if (ownerIsGone(owner)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
