import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../process.ts';
import { OVERHEAD_PROCESSES } from './command.ts';
import type { Limits } from './engine.ts';
import { FRESH, parseCounters, type Status } from './outcome.ts';
import { ownerIsGone, ownerName } from '../owner.ts';

const PREFIX = 'reprove-';
const REMOVE_TRIES = 100;

/** A folder in which we may make control groups. */
interface Hierarchy {
  readonly version: 1 | 2;
  /** One folder for both controllers in version 2, one each in version 1. */
  readonly memory: string;
  readonly pids: string;
}

/** The control group of one step. */
export interface StepGroup {
  /** A process that writes its id into each of these files is in the group. */
  readonly joinFiles: readonly string[];
  status(): Promise<Status>;
  /** Kills what is left in it and removes it. */
  remove(): Promise<void>;
}

let found: Promise<Hierarchy | null> | undefined;
let count = 0;

/** A new control group with these limits; null when this machine lets us make none. */
export async function makeStepGroup(limits: Limits): Promise<StepGroup | null> {
  found ??= findHierarchy();
  const hierarchy = await found;
  if (hierarchy === null) return null;
  count += 1;
  return makeGroup(hierarchy, `${PREFIX}${ownerName()}-${count}`, limits);
}

/** Removes groups of processes that were killed before they could. */
export async function sweepGroups(): Promise<void> {
  found ??= findHierarchy();
  const hierarchy = await found;
  if (hierarchy === null) return;
  for (const parent of new Set([hierarchy.memory, hierarchy.pids])) {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(PREFIX) || !ownerIsGone(name.slice(PREFIX.length, name.lastIndexOf('-'))))
        continue;
      await removeGroup(join(parent, name));
    }
  }
}

async function makeGroup(hierarchy: Hierarchy, name: string, limits: Limits): Promise<StepGroup> {
  const memory = join(hierarchy.memory, name);
  const pids = join(hierarchy.pids, name);
  const folders = [...new Set([memory, pids])];
  for (const folder of folders) await mkdir(folder);
  await setLimits({ version: hierarchy.version, memory, pids }, limits);
  return {
    joinFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
    status: async () => {
      const memoryFile = hierarchy.version === 1 ? 'memory.oom_control' : 'memory.events';
      return {
        ...FRESH,
        ...parseCounters({
          memory: await readFile(join(memory, memoryFile), 'utf8'),
          pids: await readFile(join(pids, 'pids.events'), 'utf8'),
        }),
      };
    },
    remove: async () => {
      for (const folder of folders) await removeGroup(folder);
    },
  };
}

async function setLimits(group: Hierarchy, limits: Limits): Promise<void> {
  const bytes = String(limits.memoryBytes);
  await writeFile(join(group.pids, 'pids.max'), String(limits.processes + OVERHEAD_PROCESSES));
  if (group.version === 1) {
    await writeFile(join(group.memory, 'memory.limit_in_bytes'), bytes);
    // Absent on kernels that do not account swap.
    await writeFile(join(group.memory, 'memory.memsw.limit_in_bytes'), bytes).catch(() => undefined);
    return;
  }
  await writeFile(join(group.memory, 'memory.max'), bytes);
  await writeFile(join(group.memory, 'memory.swap.max'), '0').catch(() => undefined);
}

/** A group cannot be removed while a process is in it, and processes take a moment to die. */
async function removeGroup(folder: string): Promise<void> {
  for (let tries = 0; tries < REMOVE_TRIES; tries += 1) {
    const removed = await rmdir(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (removed) return;
    const members = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of members.split('\n').filter((line) => line !== '')) kill(Number(pid));
    await sleep(20);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

async function findHierarchy(): Promise<Hierarchy | null> {
  for (const candidate of await candidates()) {
    if (await isUsable(candidate)) return candidate;
  }
  return null;
}

/** Our own groups and their ancestors, nearest first. */
async function candidates(): Promise<readonly Hierarchy[]> {
  const [mounts, own] = await Promise.all([readLines('/proc/self/mounts'), readLines('/proc/self/cgroup')]);
  const memory = version1(mounts, own, 'memory');
  const pids = version1(mounts, own, 'pids');
  const first = memory.flatMap((one, index) => {
    const other = pids[index] ?? pids.at(-1);
    return other === undefined ? [] : [{ version: 1, memory: one, pids: other } as const];
  });
  return [...version2(mounts, own).map((one) => ({ version: 2, memory: one, pids: one }) as const), ...first];
}

function version1(mounts: readonly string[], own: readonly string[], controller: string): readonly string[] {
  const mount = mounts
    .map((line) => line.split(' '))
    .find((fields) => fields[2] === 'cgroup' && fields[3]?.split(',').includes(controller));
  const path = own.find((line) => line.split(':')[1]?.split(',').includes(controller))?.split(':')[2];
  if (mount?.[1] === undefined || path === undefined) return [];
  return [...new Set([join(mount[1], path), mount[1]])];
}

function version2(mounts: readonly string[], own: readonly string[]): readonly string[] {
  const mount = mounts.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2')?.[1];
  const path = own.find((line) => line.startsWith('0::'))?.slice(3);
  if (mount === undefined || path === undefined) return [];
  const folders: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    folders.push(join(mount, folder));
    if (folder === '/') return folders;
  }
}

/** The only proof that a group can be made, limited and joined is to do it. */
async function isUsable(hierarchy: Hierarchy): Promise<boolean> {
  const limits: Limits = { memoryBytes: 64 << 20, diskBytes: 0, processes: 16, stepMs: 0, logBytes: 0 };
  const name = `${PREFIX}${ownerName()}-probe`;
  try {
    const group = await makeGroup(hierarchy, name, limits);
    const script = ['-c', 'for f; do echo $$ > "$f" || exit 1; done', 'join', ...group.joinFiles];
    const joined = await run({ file: '/bin/sh', args: script });
    await group.status();
    await group.remove();
    return joined.exitCode === 0;
  } catch {
    await removeGroup(join(hierarchy.memory, name));
    await removeGroup(join(hierarchy.pids, name));
    return false;
  }
}

async function readLines(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8').catch(() => '')).split('\n');
}
