import { readdir, readFile } from 'node:fs/promises';

/** The environment variable that a command and whatever it starts have in common. */
export const FAMILY_VARIABLE = 'REPROVE_FAMILY';

/**
 * Kills every process that has a name in its environment (proc(5), `/proc/PID/environ`): also those whose parent was
 * stopped and left them behind, as git leaves its helpers. What belongs to another user is that user's.
 */
export async function killFamily(name: string): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter((one) => /^[1-9][0-9]*$/.test(one));
  const wanted = `${FAMILY_VARIABLE}=${name}`;
  await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (environment.split('\0').includes(wanted)) kill(Number(pid));
    }),
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
