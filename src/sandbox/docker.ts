import type Docker from 'dockerode';
import { Writable, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { TailBuffer } from '../tail-buffer.ts';
import { messageOf, ReproveError } from '../errors.ts';
import { checkPhase, checkSpec, engineFailed, timeOf } from './check.ts';
import {
  filtered,
  NOT_ONE_FILE,
  prepareCommand,
  readCommand,
  SAVE_MS,
  saveCommand,
  statusCommand,
  stepCommand,
} from './command.ts';
import { ANSWER_MS, connect, ignoring, settlesWithin, type ContainerEngineName } from './docker-client.ts';
import {
  createVolume,
  ownLabels,
  presentImage,
  removeAll,
  removeContainer,
  startContainer,
  sweep,
  type Keeper,
} from './docker-objects.ts';
import {
  LAYOUT,
  type Engine,
  type Sandbox,
  type SandboxSpec,
  type SandboxStep,
  type StepOutcome,
} from './engine.ts';
import { BUILDER_ID } from './layout.ts';
import {
  FRESH,
  isRefused,
  judgeExit,
  judgeTimeout,
  parseStatus,
  sourceRefused,
  type Status,
} from './outcome.ts';

const HELPER_MS = 60_000;

/** A container engine that speaks Docker's API: Docker itself, or Podman. */
export function containerEngine(name: ContainerEngineName): Engine {
  return {
    name,
    unavailable: async () => {
      const client = await connect(name);
      return typeof client === 'string' ? client : null;
    },
    open: async (spec) => {
      checkSpec(spec);
      return withClient(name, (client) => openSandbox(client, name, spec));
    },
    sweep: () => withClient(name, sweep),
  };
}

async function withClient<T>(name: ContainerEngineName, work: (client: Docker) => Promise<T>): Promise<T> {
  const client = await connect(name);
  if (typeof client === 'string') throw engineFailed(name, client);
  try {
    return await work(client);
  } catch (error) {
    throw asEngineFailure(name, error);
  }
}

async function openSandbox(client: Docker, name: ContainerEngineName, spec: SandboxSpec): Promise<Sandbox> {
  const [image] = await Promise.all([presentImage(client, name, spec.rootfs), sweep(client)]);
  const labels = ownLabels();
  const volume = await createVolume(client, spec, labels);
  const start = (has: { readonly hasSocket: boolean; readonly hasArchive: boolean }) =>
    startContainer({ client, spec, image, volume, labels, ...has });
  const hasSocket = spec.phases.includes('fetch');
  // Memory counts what a container wrote: to a build, a tree that was saved costs no more than one just fetched.
  const isApart = hasSocket || spec.unpackInto === LAYOUT.work;
  const [preparing, building] = await Promise.allSettled([
    isApart ? start({ hasSocket, hasArchive: true }) : null,
    spec.phases.some((phase) => phase !== 'fetch') ? start({ hasSocket: false, hasArchive: !isApart }) : null,
  ]);
  const containers = [preparing, building].flatMap((one) =>
    one.status === 'fulfilled' && one.value ? [one.value] : [],
  );
  const failure = [preparing, building].find((one) => one.status === 'rejected');
  if (failure !== undefined) {
    await removeAll(client, containers, volume);
    throw failure.reason;
  }
  return new ContainerSandbox({
    client,
    name,
    spec,
    volume,
    preparing: preparing.status === 'fulfilled' ? preparing.value : null,
    building: building.status === 'fulfilled' ? building.value : null,
  });
}

interface Parts {
  readonly client: Docker;
  readonly name: ContainerEngineName;
  readonly spec: SandboxSpec;
  readonly volume: string;
  /** Unpacks what the sandbox starts from, and fetches; null where the one that builds does the former. */
  readonly preparing: Keeper | null;
  readonly building: Keeper | null;
}

/** What an executed command printed, and how it ended; no exit code when its container went away. */
interface Executed {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly output: TailBuffer;
  /** Seen when it had to be stopped. */
  readonly status: Status;
}

class ContainerSandbox implements Sandbox {
  readonly #parts: Parts;
  readonly #prepared: Promise<StepOutcome>;
  #current: Keeper | null;
  #before: Status = FRESH;
  #isFinished = false;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#current = parts.preparing ?? parts.building;
    this.#prepared = this.#step(prepareCommand(parts.spec), HELPER_MS);
    // Whoever runs the first step sees the failure; until then it is nobody's.
    this.#prepared.catch(() => undefined);
  }

  async run(step: SandboxStep): Promise<StepOutcome> {
    const { spec, name } = this.#parts;
    checkPhase(spec, step.phase, this.#current !== this.#parts.preparing);
    try {
      const prepared = await this.#prepared;
      if (isRefused(prepared, spec)) return this.#note(sourceRefused(prepared));
      if (prepared.kind !== 'exited') return this.#note(prepared);
      if (prepared.exitCode !== 0) throw engineFailed(name, `Unpacking the source failed: ${prepared.log}`);
      if (this.#isFinished) throw engineFailed(name, 'The sandbox ended with an earlier step.');
      if (step.phase !== 'fetch') await this.#endPreparing();
      const limits = { fileBytes: spec.limits.diskBytes, dataBytes: null, processes: null };
      return this.#note(await this.#step(stepCommand(step, limits), timeOf(step, spec.limits)));
    } catch (error) {
      throw asEngineFailure(name, error);
    }
  }

  async readOnlyFile(directory: string, maxBytes: number): Promise<Uint8Array | null> {
    const { name } = this.#parts;
    await this.#prepared;
    try {
      const read = await this.#execute(readCommand(directory, maxBytes + 1), HELPER_MS, maxBytes + 1);
      if (read.exitCode === NOT_ONE_FILE) return null;
      if (read.exitCode !== 0) throw engineFailed(name, `Reading ${directory} failed: ${read.output.text()}`);
      const bytes = read.output.bytes();
      return bytes.length > maxBytes ? null : bytes;
    } catch (error) {
      throw asEngineFailure(name, error);
    }
  }

  async save(into: Writable, maxBytes: number): Promise<boolean> {
    const { name } = this.#parts;
    await this.#prepared;
    if (this.#isFinished) return false;
    try {
      await this.#endPreparing();
      const saved = await this.#execute(saveCommand(maxBytes), SAVE_MS + HELPER_MS, 65536, into);
      return saved.exitCode === 0;
    } catch (error) {
      throw asEngineFailure(name, error);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { client, name, volume, preparing, building } = this.#parts;
    this.#isFinished = true;
    const keepers = [preparing, building].filter((one) => one !== null);
    await removeAll(client, keepers, volume).catch((error: unknown) => {
      throw asEngineFailure(name, error);
    });
    await Promise.allSettled([this.#prepared]);
  }

  /** The container that can see the registry is gone, with all its processes, before anything is built. */
  async #endPreparing(): Promise<void> {
    const { preparing, building } = this.#parts;
    if (this.#current === building) return;
    if (preparing !== null) await removeContainer(preparing);
    this.#current = building;
    this.#before = FRESH;
  }

  #note(outcome: StepOutcome): StepOutcome {
    if (outcome.kind !== 'exited') this.#isFinished = true;
    return outcome;
  }

  async #step(command: readonly string[], timeoutMs: number): Promise<StepOutcome> {
    const ended = await this.#execute(command, timeoutMs, this.#parts.spec.limits.logBytes);
    const before = this.#before;
    const log = ended.output.text();
    if (ended.timedOut) return judgeTimeout({ log, before, after: ended.status, withoutCounters: false });
    const { exitCode } = ended;
    if (exitCode === null) throw engineFailed(this.#parts.name, 'The container ended before the step did.');
    if (exitCode === 0) return { kind: 'exited', exitCode, log };
    const after = await this.#status();
    this.#before = after;
    return judgeExit({ exitCode, log, before, after, withoutCounters: false });
  }

  async #status(): Promise<Status> {
    const shown = await this.#execute(statusCommand(), HELPER_MS, 65536);
    return shown.exitCode === 0 ? parseStatus(shown.output.text()) : this.#before;
  }

  /** @param into takes its stdout, which is otherwise kept with its stderr. */
  async #execute(
    command: readonly string[],
    timeoutMs: number,
    maxBytes: number,
    into?: Writable,
  ): Promise<Executed> {
    const keeper = this.#current;
    if (keeper === null || this.#closed !== undefined)
      throw engineFailed(this.#parts.name, 'The sandbox was closed.');
    const exec = await keeper.container.exec({
      Cmd: filtered(command),
      User: `${BUILDER_ID}:${BUILDER_ID}`,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: false });
    const output = new TailBuffer(maxBytes);
    const sink = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        output.push(chunk);
        done();
      },
    });
    this.#parts.client.modem.demuxStream(stream, into === undefined ? sink : paced(stream, into), sink);
    const ended = finished(stream, { writable: false }).catch(() => undefined);
    if (await settlesWithin(ended, timeoutMs)) {
      return { exitCode: await exitCodeOf(exec), timedOut: false, output, status: this.#before };
    }
    const status = await stoppedStatus(keeper.container, this.#before);
    await removeContainer(keeper);
    await settlesWithin(ended, ANSWER_MS);
    return { exitCode: null, timedOut: true, output, status };
  }
}

/** A sink at whose pace the stream comes, which the client would not see to; what it no longer takes is dropped. */
function paced(stream: Duplex, into: Writable): Writable {
  const resume = () => stream.resume();
  into.once('close', resume);
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      // One chunk of the stream may hold many of these.
      if (!into.destroyed && !into.write(chunk) && !stream.isPaused()) {
        stream.pause();
        into.once('drain', resume);
      }
      done();
    },
  });
}

/**
 * What can be said about a container that must be stopped. Nothing can be started in one that is at its limit of
 * processes, so the engine is asked instead.
 */
async function stoppedStatus(container: Docker.Container, before: Status): Promise<Status> {
  const asked = container.stats({ stream: false, 'one-shot': true }).catch(() => null);
  const stats = (await settlesWithin(asked, ANSWER_MS)) ? await asked : null;
  const { current, limit } = stats?.pids_stats ?? {};
  const isAtLimit = current !== undefined && limit !== undefined && limit > 0 && current >= limit;
  return isAtLimit ? { ...before, processDenials: before.processDenials + 1 } : before;
}

/** The engine may need a moment after the end of the output to know the exit code, on a busy machine seconds. */
async function exitCodeOf(exec: Docker.Exec): Promise<number | null> {
  for (const start = performance.now(); performance.now() - start < HELPER_MS;) {
    const state = await exec.inspect().catch(ignoring(404));
    if (state === undefined) return null;
    if (!state.Running) return state.ExitCode;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return null;
}

function asEngineFailure(name: ContainerEngineName, error: unknown): ReproveError {
  return error instanceof ReproveError ? error : engineFailed(name, messageOf(error));
}
