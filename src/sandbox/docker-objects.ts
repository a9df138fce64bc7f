import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Duplex } from 'node:stream';
import { engineFailed } from './check.ts';
import { OVERHEAD_PROCESSES } from './command.ts';
import { ignoring, settlesWithin, type ContainerEngineName } from './docker-client.ts';
import { LAYOUT, type RootFilesystem, type SandboxSpec } from './engine.ts';
import { imageTag } from './image.ts';
import { BUILDER_ID, KEEPER_ID } from './layout.ts';
import { ownerIsGone, ownerName } from '../owner.ts';

const REMOVE_MS = 60_000;
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
const LABEL = 'reprove';
const OWNER_LABEL = 'reprove.owner';

/** The labels of all that this process makes in an engine. */
export function ownLabels(): Record<string, string> {
  return { [LABEL]: '1', [OWNER_LABEL]: ownerName() };
}

/** A container whose only process of its own waits for the end of our connection. */
export interface Keeper {
  readonly container: Docker.Container;
  readonly connection: Duplex;
}

/** Starts a container that lives until our connection to it ends. */
export async function startContainer(options: {
  readonly client: Docker;
  readonly spec: SandboxSpec;
  readonly image: string;
  readonly volume: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hasSocket: boolean;
  readonly hasArchive: boolean;
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
  const { spec, image, volume, labels, hasSocket, hasArchive } = options;
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
        ...(hasArchive ? [readOnly(spec.sourceArchive, LAYOUT.sourceArchive)] : []),
        ...spec.mounts.map(({ source, target }) => readOnly(source, target)),
        ...socket.map((directory) => readOnly(directory, LAYOUT.socketDirectory)),
      ],
    },
  };
}

/** A tmpfs of the disk limit that containers can share; gives its name. */
export async function createVolume(
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
export async function presentImage(
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
export async function sweep(client: Docker): Promise<void> {
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

/** Ends the containers, then removes their volume. */
export async function removeAll(client: Docker, keepers: readonly Keeper[], volume: string): Promise<void> {
  await Promise.all(keepers.map(removeContainer));
  await removeVolume(client, volume);
}

/** Ends a container with all its processes and waits until it is gone. */
export async function removeContainer(keeper: Keeper): Promise<void> {
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
  await settlesWithin(gone, REMOVE_MS);
}

async function removeVolume(client: Docker, name: string): Promise<void> {
  await client.getVolume(name).remove().catch(ignoring(404));
}
