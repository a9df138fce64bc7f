import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { hold, run, type HeldProcess, type RunOptions, type RunResult } from '../process.ts';
import { bwrapArguments } from './bwrap-arguments.ts';
import { makeStepGroup, sweepGroups, type StepGroup } from './cgroup.ts';
import { checkPhase, checkSpec, engineFailed, timeOf } from './check.ts';
import {
  NOT_ONE_FILE,
  prepareCommand,
  readCommand,
  SAVE_MS,
  saveCommand,
  statusCommand,
  stepCommand,
  type ProcessLimits,
} from './command.ts';
import {
  type Engine,
  type Limits,
  type Sandbox,
  type SandboxStep,
  type SandboxSpec,
  type StepOutcome,
} from './engine.ts';
import { FRESH, isRefused, judgeExit, judgeTimeout, parseStatus, sourceRefused } from './outcome.ts';
import { makeOwned, sweepOwned } from '../owner.ts';
import { seccompFilter } from './seccomp.ts';

/** The first version with `--disable-userns`. */
const OLDEST: readonly [number, number] = [0, 8];
const HELPER_MS = 60_000;
const FOLDER_PREFIX = 'reprove-sandbox-';

// The first process of a process namespace that all steps are in, and of a mount namespace with their tmpfs. It ends
// when our end of its stdin is closed, by us or by our death, and the kernel then kills every process of the namespace
// (pid_namespaces(7)). Its own id as seen from outside is what /proc of outside says; bubblewrap needs /proc of inside.
// Not `exec cat`: the shell, as first process, also reaps what was orphaned.
const HOLDER_SCRIPT = `mount -t tmpfs -o "$1" tmpfs "$2" && read pid rest </proc/self/stat &&
mount -t proc proc /proc && echo "$pid" && cat >/dev/null
exit`;
const HOLDER_NAMESPACES = [
  '--user',
  '--map-root-user',
  '--mount',
  '--propagation',
  'private',
  '--pid',
  '--fork',
  '--kill-child',
];
const ENTERED_NAMESPACES = ['--user', '--preserve-credentials', '--mount', '--pid'];
// Joins the control groups before anything of the step runs, so that no process can be missed.
const JOIN_SCRIPT = `while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift; exec "$@"`;

/** bubblewrap: no daemon, and no root needed. */
export const bwrapEngine: Engine = {
  name: 'bwrap',
  unavailable,
  sweep: async () => {
    await sweep();
    sweeping = null;
  },
  open: async (spec) => {
    checkSpec(spec);
    await bwrapEngine.sweep();
    const folder = await makeOwned(tmpdir(), FOLDER_PREFIX);
    const holder = await startHolder(folder, spec.limits);
    if (typeof holder === 'string') {
      await rm(folder, { recursive: true });
      throw engineFailed('bwrap', holder);
    }
    return new BwrapSandbox(spec, folder, holder);
  },
};

let sweeping: Promise<unknown> | null = null;

/** Starts to remove what killed processes left: early, so that no sandbox has to wait for it. */
function sweep(): Promise<unknown> {
  return (sweeping ??= Promise.all([sweepGroups(), sweepOwned(tmpdir(), FOLDER_PREFIX)]));
}

class BwrapSandbox implements Sandbox {
  readonly #spec: SandboxSpec;
  readonly #folder: string;
  readonly #holder: HeldProcess;
  readonly #running = new Set<Promise<unknown>>();
  readonly #prepared: Promise<StepOutcome>;
  #fetchIsOver = false;
  #isFinished = false;
  #closed: Promise<void> | undefined;

  constructor(spec: SandboxSpec, folder: string, holder: HeldProcess) {
    this.#spec = spec;
    this.#folder = folder;
    this.#holder = holder;
    this.#prepared = this.#step(() => prepareCommand(spec), { timeoutMs: HELPER_MS, hasArchive: true });
    // Whoever runs the first step sees the failure; until then it is nobody's.
    this.#prepared.catch(() => undefined);
  }

  async run(step: SandboxStep): Promise<StepOutcome> {
    checkPhase(this.#spec, step.phase, this.#fetchIsOver);
    this.#fetchIsOver ||= step.phase !== 'fetch';
    const prepared = await this.#prepared;
    if (isRefused(prepared, this.#spec)) return this.#note(sourceRefused(prepared));
    if (prepared.kind !== 'exited') return this.#note(prepared);
    if (prepared.exitCode !== 0) throw engineFailed('bwrap', `Unpacking the source failed: ${prepared.log}`);
    if (this.#isFinished) throw engineFailed('bwrap', 'The sandbox ended with an earlier step.');
    const options = { timeoutMs: timeOf(step, this.#spec.limits), hasSocket: step.phase === 'fetch' };
    return this.#note(await this.#step((limits) => stepCommand(step, limits), options));
  }

  async readOnlyFile(directory: string, maxBytes: number): Promise<Uint8Array | null> {
    await this.#prepared;
    const { result } = await this.#inside(readCommand(directory, maxBytes + 1), { maxBytes: maxBytes + 1 });
    const exitCode = exitCodeOf(result);
    if (exitCode === NOT_ONE_FILE) return null;
    if (exitCode !== 0) throw engineFailed('bwrap', said(result));
    return result.stdout.length > maxBytes ? null : result.stdout;
  }

  async save(into: Writable, maxBytes: number): Promise<boolean> {
    await this.#prepared;
    if (this.#isFinished) return false;
    // No process of a step outlives it: each had a process namespace of its own.
    this.#fetchIsOver = true;
    const options = { stdoutTo: into, timeoutMs: SAVE_MS + HELPER_MS };
    const { result } = await this.#inside(saveCommand(maxBytes), options);
    return exitCodeOf(result) === 0;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isFinished = true;
    await this.#holder.release();
    await Promise.allSettled([...this.#running, this.#prepared]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #note(outcome: StepOutcome): StepOutcome {
    if (outcome.kind !== 'exited') this.#isFinished = true;
    return outcome;
  }

  async #step(
    commandUnder: (limits: ProcessLimits) => readonly string[],
    options: Pick<InsideOptions, 'timeoutMs' | 'hasSocket' | 'hasArchive'>,
  ): Promise<StepOutcome> {
    const { limits } = this.#spec;
    const group = await makeStepGroup(limits);
    try {
      const command = commandUnder({
        fileBytes: limits.diskBytes,
        dataBytes: group === null ? limits.memoryBytes : null,
        processes: group === null ? limits.processes : null,
      });
      const ended = await this.#inside(command, { ...options, group, maxBytes: limits.logBytes });
      return await this.#judge(ended, group);
    } finally {
      await group?.remove();
    }
  }

  async #judge({ result, timedOut }: Ended, group: StepGroup | null): Promise<StepOutcome> {
    const log = logOf(result);
    const before = FRESH;
    const counted = (await group?.status()) ?? FRESH;
    const withoutCounters = group === null;
    if (timedOut) return judgeTimeout({ log, before, after: counted, withoutCounters });
    if (this.#closed !== undefined) throw engineFailed('bwrap', 'The sandbox was closed.');
    const exitCode = exitCodeOf(result);
    // The kernel may have chosen bwrap itself when memory ran out.
    if (exitCode === null && counted.memoryKills > 0) return { kind: 'limit', limit: 'memory', log };
    if (exitCode === null) throw engineFailed('bwrap', said(result));
    const after = exitCode === 0 ? counted : { ...counted, diskFull: await this.#isDiskFull() };
    return judgeExit({ exitCode, log, before, after, withoutCounters });
  }

  async #isDiskFull(): Promise<boolean> {
    const { result } = await this.#inside(statusCommand(), {});
    return parseStatus(new TextDecoder().decode(result.stdout)).diskFull;
  }

  /** Runs a command in a bubblewrap of its own. One that takes too long takes the whole sandbox with it. */
  async #inside(command: readonly string[], options: InsideOptions): Promise<Ended> {
    if (this.#closed !== undefined) throw engineFailed('bwrap', 'The sandbox was closed.');
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      void this.#holder.release();
    }, options.timeoutMs ?? HELPER_MS);
    const running = run(this.#command(command, options));
    this.#running.add(running);
    try {
      return { result: await running, timedOut };
    } finally {
      clearTimeout(timer);
      this.#running.delete(running);
    }
  }

  #command(command: readonly string[], options: InsideOptions): RunOptions {
    const filter = seccompFilter();
    if (filter === null) throw engineFailed('bwrap', `There is no system call filter for ${process.arch}.`);
    const joining = ['-c', JOIN_SCRIPT, 'join', ...(options.group?.joinFiles ?? []), '--'];
    const entering = ['nsenter', '--target', this.#holder.line, ...ENTERED_NAMESPACES, '--'];
    const sandbox = bwrapArguments({
      spec: this.#spec,
      folder: this.#folder,
      hasSocket: options.hasSocket === true,
      hasArchive: options.hasArchive === true,
    });
    const descriptors = ['--seccomp', '3', '--json-status-fd', '4'];
    return {
      file: '/bin/sh',
      args: [...joining, ...entering, 'bwrap', ...descriptors, ...sandbox, '--', ...command],
      cwd: '/',
      extraInputs: [filter],
      statusFd: true,
      maxBytes: options.maxBytes ?? 65536,
      ...(options.stdoutTo === undefined ? {} : { stdoutTo: options.stdoutTo }),
    };
  }
}

interface InsideOptions {
  readonly hasSocket?: boolean;
  readonly hasArchive?: boolean;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly stdoutTo?: Writable;
  readonly group?: StepGroup | null;
}

interface Ended {
  readonly result: RunResult;
  readonly timedOut: boolean;
}

async function startHolder(folder: string, limits: Limits): Promise<HeldProcess | string> {
  const work = join(folder, 'work');
  await mkdir(work);
  // Two inodes a block: folders and links need one without a block.
  const size = [`size=${limits.diskBytes}`, `nr_inodes=${Math.ceil(limits.diskBytes / 2048)}`];
  const options = [...size, 'mode=0755', 'nosuid', 'nodev'].join(',');

  return hold({
    file: 'unshare',
    args: [...HOLDER_NAMESPACES, '--', '/bin/sh', '-c', HOLDER_SCRIPT, 'holder', options, work],
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
  sweep().catch(() => undefined);
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

  const trial = await run({
    file: 'unshare',
    args: [...HOLDER_NAMESPACES, '--mount-proc', '--', 'bwrap', ...flags, '--', 'true'],
    timeoutMs: 10_000,
  });
  return trial.exitCode === 0
    ? null
    : `bubblewrap cannot make a sandbox on this machine: ${said(trial).trim()}`;
}
