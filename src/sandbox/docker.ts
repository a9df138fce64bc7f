import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Writable, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { TailBuffer } from '../tail-buffer.ts';
import { messageOf, ReproveError } from '../errors.ts';
import { checkPhase, checkSpec, engineFailed } from './check.ts';
import {
  filtered,
  NOT_ONE_FILE,
  OVERHEAD_PROCESSES,
  prepareCommand,
  readCommand,
  statusCommand,
  stepCommand,
} from './command.ts';
import {
  LAYOUT,
  type Engine,
  type RootFilesystem,
  type Sandbox,
  type SandboxSpec,
  type SandboxStep,
  type StepOutcome,
} from './engine.ts';
import { imageTag } from './image.ts';
import { BUILDER_ID, KEEPER_ID } from './layout.ts';
import { FRESH, judgeExit, judgeTimeout, parseStatus, type Status } from './outcome.ts';
import { ownerIsGone, ownerName } from './owner.ts';

type ContainerEngineName = 'docker' | 'podman';

const ANSWER_MS = 5000;
const HELPER_MS = 60_000;
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
const LABEL = 'reprove';
const OWNER_LABEL = 'reprove.owner';

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
      const client = await connect(name);
      if (typeof client === 'string') throw engineFailed(name, client);
      try {
        return await openSandbox(client, name, spec);
      } catch (error) {
        throw asEngineFailure(name, error);
      }
    },
  };
}

async function openSandbox(client: Docker, name: ContainerEngineName, spec: SandboxSpec): Promise<Sandbox> {
  const [image] = await Promise.all([presentImage(client, name, spec.rootfs), sweep(client)]);
  const labels = { [LABEL]: '1', [OWNER_LABEL]: ownerName() };
  const volume = await createVolume(client, spec, labels);
  const start = (hasSocket: boolean) => startContainer({ client, spec, image, volume, labels, hasSocket });
  const isWanted = (fetch: boolean) => spec.phases.some((phase) => (phase === 'fetch') === fetch);
  const [fetching, building] = await Promise.allSettled([
    isWanted(true) ? start(true) : null,
    isWanted(false) ? start(false) : null,
  ]);
  const containers = [fetching, building].flatMap((one) =>
    one.status === 'fulfilled' && one.value ? [one.value] : [],
  );
  const failure = [fetching, building].find((one) => one.status === 'rejected');
  if (failure !== undefined) {
    await removeAll(client, containers, volume);
    throw failure.reason;
  }
  return new ContainerSandbox({
    client,
    name,
    spec,
    volume,
    fetching: fetching.status === 'fulfilled' ? fetching.value : null,
    building: building.status === 'fulfilled' ? building.value : null,
  });
}

/** A container whose only process of its own waits for the end of our connection. */
interface Keeper {
  readonly container: Docker.Container;
  readonly connection: Duplex;
}

interface Parts {
  readonly client: Docker;
  readonly name: ContainerEngineName;
  readonly spec: SandboxSpec;
  readonly volume: string;
  readonly fetching: Keeper | null;
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
    this.#current = parts.fetching ?? parts.building;
    this.#prepared = this.#step(prepareCommand(), HELPER_MS);
    // Whoever runs the first step sees the failure; until then it is nobody's.
    this.#prepared.catch(() => undefined);
  }

  async run(step: SandboxStep): Promise<StepOutcome> {
    const { spec, name } = this.#parts;
    checkPhase(spec, step.phase, this.#current !== this.#parts.fetching);
    try {
      const prepared = await this.#prepared;
      if (prepared.kind !== 'exited') return this.#note(prepared);
      if (prepared.exitCode !== 0) throw engineFailed(name, `Unpacking the source failed: ${prepared.log}`);
      if (this.#isFinished) throw engineFailed(name, 'The sandbox ended with an earlier step.');
      if (step.phase !== 'fetch') await this.#endFetching();
      const limits = { fileBytes: spec.limits.diskBytes, dataBytes: null, processes: null };
      return this.#note(await this.#step(stepCommand(step, limits), spec.limits.stepMs));
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

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { client, name, volume, fetching, building } = this.#parts;
    this.#isFinished = true;
    const keepers = [fetching, building].filter((one) => one !== null);
    await removeAll(client, keepers, volume).catch((error: unknown) => {
      throw asEngineFailure(name, error);
    });
    await Promise.allSettled([this.#prepared]);
  }

  /** The container that can see the registry is gone, with all its processes, before anything is built. */
  async #endFetching(): Promise<void> {
    const { fetching, building } = this.#parts;
    if (this.#current === building) return;
    if (fetching !== null) await removeContainer(fetching);
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

  async #execute(command: readonly string[], timeoutMs: number, maxBytes: number): Promise<Executed> {
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
    this.#parts.client.modem.demuxStream(stream, sink, sink);
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

async function startContainer(options: {
  readonly client: Docker;
  readonly spec: SandboxSpec;
  readonly image: string;
  readonly volume: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hasSocket: boolean;
}): Promise<Keeper> {
  const container = await options.client.createContainer(settings(options));
  try {
    // Attached before it starts, so that there is no moment at which it could outlive us.
    const attached = await container.attach({ stream: true, stdin: true, hijack: true });
    const connection = attached as unknown as Duplex;
    connection.on('error', () => undefined);
    await container.start();
    return { container, connection };
  } catch (error) {
    await container.remove({ force: true }).catch(() => undefined);
    throw error;
  }
}

function settings(options: Parameters<typeof startContainer>[0]): Docker.ContainerCreateOptions {
  const { spec, image, volume, labels, hasSocket } = options;
  const runtime = process.env['REPROVE_CONTAINER_RUNTIME'];
  const readOnly = (Source: string, Target: string): Docker.MountSettings => ({
    Type: 'bind',
    Source,
    Target,
    ReadOnly: true,
    BindOptions: { Propagation: 'rprivate' },
  });
  const socket = hasSocket && spec.socketDirectory !== null ? [spec.socketDirectory] : [];
  return {
    Image: image,
    // tini reaps orphans; cat ends with our connection, and the container with cat.
    Entrypoint: ['/usr/bin/tini', '--', '/usr/bin/cat'],
    Cmd: [],
    User: `${KEEPER_ID}:${KEEPER_ID}`,
    WorkingDir: '/',
    Hostname: 'builder',
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    Labels: { ...labels },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      // Docker would copy the host's resolver settings otherwise, even without a network.
      Dns: ['127.0.0.1'],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      IpcMode: 'private',
      ShmSize: SHARED_MEMORY_BYTES,
      PidsLimit: spec.limits.processes + OVERHEAD_PROCESSES,
      Memory: spec.limits.memoryBytes,
      // Equal to the memory: no swap on top of it.
      MemorySwap: spec.limits.memoryBytes,
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      LogConfig: { Type: 'none', Config: {} },
      ...(runtime === undefined || runtime === '' ? {} : { Runtime: runtime }),
      Mounts: [
        {
          Type: 'volume',
          Source: volume,
          Target: LAYOUT.work,
          VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } },
        },
        readOnly(spec.sourceArchive, LAYOUT.sourceArchive),
        ...spec.mounts.map(({ source, target }) => readOnly(source, target)),
        ...socket.map((directory) => readOnly(directory, LAYOUT.socketDirectory)),
      ],
    },
  };
}

async function createVolume(
  client: Docker,
  spec: SandboxSpec,
  labels: Record<string, string>,
): Promise<string> {
  const { diskBytes } = spec.limits;
  // Two inodes a block: folders and links need one without a block.
  const size = `size=${diskBytes},nr_inodes=${Math.ceil(diskBytes / 2048)}`;
  const owner = `uid=${BUILDER_ID},gid=${BUILDER_ID},mode=0755,nosuid,nodev`;
  const volume = await client.createVolume({
    Name: `reprove-${randomUUID()}`,
    Driver: 'local',
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `${size},${owner}` },
    Labels: labels,
  });
  return volume.name;
}

/** The name by which the engine knows the image; loads it when it is not there. */
async function presentImage(
  client: Docker,
  name: ContainerEngineName,
  rootfs: RootFilesystem,
): Promise<string> {
  const present = await findImage(client, rootfs);
  if (present !== null) return present;
  const progress = await client.loadImage(createReadStream(rootfs.archive));
  await new Promise<void>((resolve, reject) => {
    client.modem.followProgress(progress, (error: Error | null) =>
      error === null ? resolve() : reject(error),
    );
  });
  const loaded = await findImage(client, rootfs);
  if (loaded !== null) return loaded;
  throw engineFailed(name, `It loaded the image ${rootfs.imageId} but does not have it.`);
}

/**
 * An image is taken by its id, or, where the engine names images by another digest, by its tag; but then only when it
 * consists of exactly our layer.
 */
async function findImage(client: Docker, rootfs: RootFilesystem): Promise<string | null> {
  for (const reference of [rootfs.imageId, imageTag(rootfs.layerDigest)]) {
    const image = await client.getImage(reference).inspect().catch(ignoring(404));
    const layers = image?.RootFS?.Layers ?? [];
    if (image && layers.length === 1 && layers[0] === `sha256:${rootfs.layerDigest}`) return image.Id;
  }
  return null;
}

/** Removes what processes that were killed left behind. */
async function sweep(client: Docker): Promise<void> {
  const filters = { label: [`${LABEL}=1`] };
  const isLeft = (labels: Readonly<Record<string, string>> | null) =>
    ownerIsGone(labels?.[OWNER_LABEL] ?? '');
  for (const one of await client.listContainers({ all: true, filters })) {
    if (isLeft(one.Labels)) await removeById(client, one.Id);
  }
  const { Volumes } = await client.listVolumes({ filters });
  for (const one of Volumes ?? []) {
    if (isLeft(one.Labels)) await removeVolume(client, one.Name);
  }
}

async function removeAll(client: Docker, keepers: readonly Keeper[], volume: string): Promise<void> {
  await Promise.all(keepers.map(removeContainer));
  await removeVolume(client, volume);
}

async function removeContainer(keeper: Keeper): Promise<void> {
  keeper.connection.destroy();
  await waitUntilRemoved(keeper.container);
}

async function removeById(client: Docker, id: string): Promise<void> {
  await waitUntilRemoved(client.getContainer(id));
}

/** 409: it is being removed already, because its process has ended; then this waits for that. */
async function waitUntilRemoved(container: Docker.Container): Promise<void> {
  const gone = container.wait({ condition: 'removed' }).catch(ignoring(404));
  await container.remove({ force: true }).catch(ignoring(404, 409));
  await settlesWithin(gone, HELPER_MS);
}

async function removeVolume(client: Docker, name: string): Promise<void> {
  await client.getVolume(name).remove().catch(ignoring(404));
}

/** The engine may need a moment after the end of the output to know the exit code. */
async function exitCodeOf(exec: Docker.Exec): Promise<number | null> {
  for (let tries = 0; tries < 100; tries += 1) {
    const state = await exec.inspect().catch(ignoring(404));
    if (state === undefined) return null;
    if (!state.Running) return state.ExitCode;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return null;
}

/** The client of the first socket at which the wanted engine answers, else a sentence. */
async function connect(name: ContainerEngineName): Promise<Docker | string> {
  const reasons: string[] = [];
  for (const candidate of candidates(name)) {
    const client = new Docker(candidate);
    const reason = await refusal(client, name);
    if (reason === null) return client;
    reasons.push(`${candidate.socketPath ?? process.env['DOCKER_HOST'] ?? 'default socket'}: ${reason}`);
  }
  return `${name} does not answer (${reasons.join('; ')}).`;
}

/** Without a socket path, dockerode goes where DOCKER_HOST and its companions point. */
function candidates(name: ContainerEngineName): readonly { readonly socketPath?: string }[] {
  const docker = process.env['DOCKER_HOST'] ? {} : { socketPath: '/var/run/docker.sock' };
  if (name === 'docker') return [docker];
  const host = process.env['CONTAINER_HOST'];
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const named = host?.startsWith('unix://') === true ? [{ socketPath: host.slice('unix://'.length) }] : [];
  const own = runtime === undefined ? [] : [{ socketPath: `${runtime}/podman/podman.sock` }];
  return [...named, ...own, { socketPath: '/run/podman/podman.sock' }, docker];
}

async function refusal(client: Docker, name: ContainerEngineName): Promise<string | null> {
  try {
    const asked: Promise<Docker.DockerVersion> = client.version();
    if (!(await settlesWithin(asked, ANSWER_MS))) return 'no answer in time';
    const version = await asked;
    const isPodman = (version.Components ?? []).some((one) => one.Name === 'Podman Engine');
    if (isPodman !== (name === 'podman')) return `another engine answers there`;
    return version.Os === 'linux' ? null : `it runs ${version.Os} containers`;
  } catch (error) {
    return messageOf(error);
  }
}

async function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, late]);
  clearTimeout(timer);
  return result;
}

/** Turns the HTTP errors with these codes into undefined. */
function ignoring(...codes: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    if (codes.includes((error as { statusCode?: number }).statusCode ?? 0)) return undefined;
    throw error;
  };
}

function asEngineFailure(name: ContainerEngineName, error: unknown): ReproveError {
  return error instanceof ReproveError ? error : engineFailed(name, messageOf(error));
}
