import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Names this process such that another one can tell later whether it still lives. A bare process id cannot: two
 * containers that share one engine or one cache folder both have a process 17. So it carries the boot, the pid
 * namespace and the start time (proc(5): field 22 of `/proc/PID/stat`) too.
 */
export function ownerName(): string {
  return [scope(), String(process.pid), startTime(process.pid) ?? '0'].join('.');
}

/** True only when the named process is known to have ended: same boot, same pid namespace, and no such process. */
export function ownerIsGone(name: string): boolean {
  const [where, pid, started, ...rest] = name.split('.');
  if (pid === undefined || started === undefined || rest.length > 0 || !/^[1-9][0-9]*$/.test(pid))
    return false;
  if (where !== scope()) return false;
  const current = startTime(Number(pid));
  return current !== undefined && current !== started;
}

/** Boot and pid namespace, in few letters: folders with this name hold sockets, whose paths may have 107 (unix(7)). */
function scope(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/[^0-9]/g, '');
  return createHash('sha256').update(`${boot}.${namespace}`).digest('hex').slice(0, 10);
}

/** Null when there is no such process; undefined when nobody tells us. */
function startTime(pid: number): string | null | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name that may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['ENOENT', 'ESRCH'].includes(code) ? null : undefined;
  }
}

/**
 * Makes a folder that only this process uses and that it removes itself; `sweepOwned` removes it if it cannot.
 *
 * @param prefix what the folders of this use start with
 */
export async function makeOwned(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${prefix}${ownerName()}-`));
}

/** Removes what processes that were killed left behind; what belongs to another user is that user's to remove. */
export async function sweepOwned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const owner = name.slice(prefix.length, name.lastIndexOf('-'));
    if (!ownerIsGone(owner)) continue;
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
