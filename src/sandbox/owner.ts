import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names this process such that another one can tell later whether it still lives. A bare process id cannot: two
 * containers that share one engine or one cache folder both have a process 17. So it carries the boot, the pid
 * namespace and the start time (proc(5): field 22 of `/proc/PID/stat`) too.
 */
export function ownerName(): string {
  return [...scope(), String(process.pid), startTime(process.pid) ?? '0'].join('.');
}

/** True only when the named process is known to have ended: same boot, same pid namespace, and no such process. */
export function ownerIsGone(name: string): boolean {
  const [boot, namespace, pid, started, ...rest] = name.split('.');
  if (pid === undefined || started === undefined || rest.length > 0 || !/^[1-9][0-9]*$/.test(pid))
    return false;
  const [ourBoot, ourNamespace] = scope();
  if (boot !== ourBoot || namespace !== ourNamespace) return false;
  return startTime(Number(pid)) !== started;
}

function scope(): readonly [string, string] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/[^0-9]/g, '');
  return [boot, namespace];
}

function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name that may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
