import { readdirSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { ownerIsGone } from '../../src/owner.ts';
import type { EngineName } from '../../src/sandbox/engine.ts';

const labelled = z.object({ Labels: z.record(z.string(), z.string()).nullable() });

const SOCKET = '/var/run/docker.sock';

/** The owners of the containers and volumes of ours at Docker's socket. */
export async function dockerOwners(socket: string = SOCKET): Promise<readonly string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['reprove=1'] }));
  const [containers, volumes] = await Promise.all([
    askDocker(socket, `/containers/json?all=1&filters=${filters}`),
    askDocker(socket, `/volumes?filters=${filters}`),
  ]);
  const found = [
    ...z.array(labelled).parse(containers),
    ...(z.object({ Volumes: z.array(labelled).nullable() }).parse(volumes).Volumes ?? []),
  ];
  return found.map((one) => one.Labels?.['reprove.owner'] ?? '');
}

/** The owners of the folders that sandboxes have on the host. */
function folderOwners(): readonly string[] {
  const prefix = 'reprove-sandbox-';
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  return names.map((name) => name.slice(prefix.length, name.lastIndexOf('-')));
}

/** What an engine's sandboxes left behind whose processes are gone. */
export async function leftoversOf(engine: EngineName, socket: string = SOCKET): Promise<readonly string[]> {
  const owners = [...folderOwners(), ...(engine === 'docker' ? await dockerOwners(socket) : [])];
  return owners.filter(ownerIsGone);
}

function askDocker(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = ask({ socketPath, path }, (response) => {
      text(response).then((body) => resolve(JSON.parse(body)), reject);
    });
    asked.on('error', reject).end();
  });
}
