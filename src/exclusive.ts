import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerIsGone, ownerName } from './owner.ts';

const POLL_MS = 100;
/** How often a holder shows that it lives. */
const BEAT_MS = 5_000;
/** A holder from another machine or container cannot be asked whether it lives: it has ended when it shows nothing for so long. */
const STALE_MS = 60_000;

/**
 * Runs `work` while no other process runs it under the same lock file, and gives its result.
 * It saves double work only: `work` must stay correct without it, for a stale lock is broken.
 *
 * @param signal ends the waiting (not the work) with its reason
 */
export async function exclusively<T>(
  lockFile: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  while (!(await take(lockFile))) await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  // Whoever took this holder for dead has removed the file: there is nothing to show any more.
  const beat = setInterval(
    () => void utimes(lockFile, new Date(), new Date()).catch(() => undefined),
    BEAT_MS,
  );
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(lockFile, { force: true });
  }
}

async function take(lockFile: string): Promise<boolean> {
  try {
    await writeFile(lockFile, ownerName(), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const [owner, written] = await Promise.all([
    readFile(lockFile, 'utf8').catch(() => ''),
    stat(lockFile).catch(() => null),
  ]);
  const isStale = written !== null && Date.now() - written.mtimeMs > STALE_MS;
  if (isStale || ownerIsGone(owner)) await rm(lockFile, { force: true });
  return false;
}
