import { Tinypool } from 'tinypool';
import type { InputPath } from '../inputs/files.ts';
import type { BadVersions } from './bad-versions.ts';
import type { FileSearch } from './find.ts';

/** Files that are handed out beyond those that threads are at, so that none of them waits. */
const AHEAD = 4;
/** MiB. What a file leaves behind dies soon: it need not take more memory than this. */
const YOUNG = 24;

export interface Threads {
  /** The module whose `search` searches one file, given `BadVersionsData` as its worker data. */
  readonly worker: URL;
  readonly count: number;
}

/** Searches files in several threads at a time; the results come in the order of the files. */
export async function* searchInThreads(
  files: readonly InputPath[],
  bad: BadVersions,
  { worker, count }: Threads,
): AsyncGenerator<FileSearch> {
  const pool = new Tinypool({
    filename: worker.href,
    workerData: bad.data,
    minThreads: count,
    maxThreads: count,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
  });
  try {
    const running: Promise<FileSearch>[] = [];
    for (const file of files) {
      const search = pool.run(file, { name: 'search' }) as Promise<FileSearch>;
      // Whoever waits for it sees it fail; until then nobody does.
      search.catch(() => undefined);
      running.push(search);
      const oldest = running.length < count * AHEAD ? undefined : running.shift();
      if (oldest !== undefined) yield await oldest;
    }
    for (const search of running) yield await search;
  } finally {
    await pool.destroy();
  }
}
