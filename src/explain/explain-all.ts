import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { isScriptName, MAX_SCRIPT_BYTES } from '../compare/script.ts';
import { type Deadline, deadlineIn } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import type { Difference } from '../model/comparison.ts';
import type { Explanation, ExplainRequest } from './explain.ts';

/** An explanation of a script, or in words why there is none. */
export type Explained = Explanation | { readonly unread: string };

const MOST_EXPLAINED = 25;
const EACH_MS = 20_000;
const ALL_MS = 60_000;
const WORKER = new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url);
/** MiB; a tree takes far more than its text. */
const MOST_MEMORY = 2048;

/**
 * Explains scripts that were changed or added, the first 25 of them, each in at most 20 s and all in about a minute, in a
 * thread of their own.
 *
 * @returns by path; other files are left out
 */
export async function explainAll(
  differences: readonly Difference[],
): Promise<ReadonlyMap<string, Explained>> {
  const requests = differences.flatMap(({ kind, path: file, published, rebuilt }): ExplainRequest[] => {
    const isContent = (kind === 'content' || kind === 'added') && published?.type === 'file';
    if (!isContent || !isScriptName(file)) return [];
    return [{ path: file, published: published.content, rebuilt: rebuilt?.content ?? null }];
  });
  const explained = new Map<string, Explained>();
  let worker: Worker | null = null;
  const deadline = deadlineIn(ALL_MS);
  for (const request of requests.slice(0, MOST_EXPLAINED)) {
    const unread = whyUnread(request, deadline);
    if (unread !== null) {
      explained.set(request.path, { unread });
      continue;
    }
    worker ??= new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY } });
    const answer = await answerOf(worker, request);
    explained.set(request.path, answer ?? { unread: 'it cannot be read as code' });
    if (answer === null || !('unread' in answer)) continue;
    await worker.terminate();
    worker = null;
  }
  await worker?.terminate();
  return explained;
}

function whyUnread({ published, rebuilt }: ExplainRequest, deadline: Deadline): string | null {
  const size = Math.max(published.length, rebuilt?.length ?? 0);
  if (size > MAX_SCRIPT_BYTES) return `it is larger than ${MAX_SCRIPT_BYTES / 1024 ** 2} MiB`;
  return deadline.leftMs() > 0 ? null : `reading the files before it took ${ALL_MS / 1000} s`;
}

/** Null for what is no script that can be read. */
async function answerOf(worker: Worker, request: ExplainRequest): Promise<Explained | null> {
  const stop = new AbortController();
  const { signal } = stop;
  worker.postMessage(request);
  const answer = once(worker, 'message', { signal }).then(([one]) => one as Explanation | null);
  const late = setTimeout(EACH_MS, { unread: `it was not read in ${EACH_MS / 1000} s` }, { signal });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    // `once` rejects with what ended the thread, such as the limit on its memory.
    return { unread: `reading it ended with: ${messageOf(error)}` };
  } finally {
    stop.abort();
    await Promise.allSettled([answer, late]);
  }
}
