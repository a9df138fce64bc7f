import { constants, open } from 'node:fs/promises';
import { messageOf, ReproveError } from '../errors.ts';
import { parsePlanFile, type StatedPlans } from './parse.ts';

/** Result documents hold diffs and logs besides; more than this is none. */
const LARGEST_FILE = 32 * 1024 * 1024;

/** Reads a plan file. Throws ReproveError `usage` for one that cannot be used. */
export async function readPlanFile(file: string): Promise<StatedPlans> {
  return parsePlanFile(await textOf(file), file);
}

async function textOf(file: string): Promise<string> {
  // Opening a pipe that nobody writes to would wait for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(file, `${messageOf(error)}.`);
  });
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw unreadable(file, 'It is no regular file.');
    if (info.size > LARGEST_FILE) throw unreadable(file, `It has more than ${LARGEST_FILE} bytes.`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, why: string): ReproveError {
  return new ReproveError('usage', {
    what: `The plan file ${file} cannot be read.`,
    why,
    next: 'Make one: reprove plan <package version> --json > plan.json',
  });
}
