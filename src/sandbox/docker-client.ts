import Docker from 'dockerode';
import { messageOf } from '../errors.ts';

/** The engines that speak Docker's API. */
export type ContainerEngineName = 'docker' | 'podman';

/** Longest time for a question to the engine, milliseconds. */
export const ANSWER_MS = 5000;

/** The client of the first socket at which the wanted engine answers, else a sentence. */
export async function connect(name: ContainerEngineName): Promise<Docker | string> {
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

/** True when the work is done, well or badly, before the time has passed. */
export async function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
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
export function ignoring(...codes: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    if (codes.includes((error as { statusCode?: number }).statusCode ?? 0)) return undefined;
    throw error;
  };
}
