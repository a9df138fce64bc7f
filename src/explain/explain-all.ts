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
/** MiB. A tree takes far more than its text; what is young is small beside what a comparison needs. */
const LIMITS = { maxOldGenerationSizeMb: 2048, maxYoungGenerationSizeMb: 16 };

/**
 * Explains scripts that were changed or added, the first 25 of them or as many as `most` says, each in at most 20 s and all in about a minute, in a
 * thread of their own.
 *
 * @returns by path; other files are left out
 */
export async function explainAll(
  differences: readonly Difference[],
  { most = MOST_EXPLAINED }: { readonly most?: number } = {},
): Promise<ReadonlyMap<string, Explained>> {
  const scripts = differences.filter(
    ({ kind, path: file, published }) =>
      (kind === 'content' || kind === 'added') && published?.type === 'file' && isScriptName(file),
  );
  const explained = new Map<string, Explained>();
  let worker: Worker | null = null;
  const deadline = deadlineIn(ALL_MS);
  for (const script of scripts.slice(0, most)) {
    const unread = whyUnread(script, deadline);
    if (unread !== null) {
      explained.set(script.path, { unread });
      continue;
    }
    const request = requestOf(script);
    worker ??= new Worker(WORKER, { resourceLimits: LIMITS });
    const answer = await answerOf(worker, request);
    explained.set(request.path, answer ?? { unread: 'it cannot be read as code' });
    if (answer === null || !('unread' in answer)) continue;
    await worker.terminate();
    worker = null;
  }
  await worker?.terminate();
  return explained;
}

function requestOf({ path: file, published, rebuilt }: Difference): ExplainRequest {
  const [ours, theirs] = [published, rebuilt].map((side) => side?.content.subarray());
  return { path: file, published: ours ?? new Uint8Array(), rebuilt: theirs ?? null };
}

function whyUnread({ published, rebuilt }: Difference, deadline: Deadline): string | null {
  const size = Math.max(published?.size ?? 0, rebuilt?.size ?? 0);
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
