import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { isScriptName, MAX_SCRIPT_BYTES } from '../compare/script.ts';
import { type Deadline, deadlineIn } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import type { Difference } from '../model/comparison.ts';
import type { Explanation, ExplainRequest } from './explain.ts';
import { type DataExplanation, isJsonName } from './json.ts';

/** An explanation of a script or of data, or in words why there is none. */
export type Explained = Explanation | { readonly data: DataExplanation | Unread } | Unread;

interface Unread {
  readonly unread: string;
}

const MOST_EXPLAINED = 25;
const EACH_MS = 20_000;
const ALL_MS = 60_000;
const PROGRAM = new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url);
/** MiB. A tree takes far more than its text; what is young is small beside what a comparison needs. */
const LIMITS = { maxOldGenerationSizeMb: 2048, maxYoungGenerationSizeMb: 16 };

/**
 * Starts a thread for `explainAll`, which takes a while, so that something else can be done meanwhile; null when it has nothing
 * to do. It keeps no process from ending before it is used.
 */
export function startExplaining(differences: readonly Difference[]): Worker | null {
  if (!differences.some(isExplainable)) return null;
  const thread = started();
  thread.unref();
  return thread;
}

function started(): Worker {
  return new Worker(PROGRAM, { resourceLimits: LIMITS });
}

function isExplainable({ kind, path: file, published }: Difference): boolean {
  const isContent = (kind === 'content' || kind === 'added') && published?.type === 'file';
  return isContent && (isScriptName(file) || (isJsonName(file) && kind === 'content'));
}

/**
 * Explains scripts that were changed or added and data that was changed, the first 25 of them or as many as `most` says,
 * scripts before data, each in at most 20 s and all in about a minute, in a thread of their own.
 *
 * @param thread of `startExplaining`; it is ended
 * @returns by path; other files are left out
 */
export async function explainAll(
  differences: readonly Difference[],
  { most = MOST_EXPLAINED, thread = null }: { readonly most?: number; readonly thread?: Worker | null } = {},
): Promise<ReadonlyMap<string, Explained>> {
  const all = differences.filter(isExplainable);
  const read = all.toSorted((a, b) => Number(isJsonName(a.path)) - Number(isJsonName(b.path)));
  const explained = new Map<string, Explained>();
  let worker = thread;
  worker?.ref();
  const deadline = deadlineIn(ALL_MS);
  for (const difference of read.slice(0, most)) {
    const unread = whyUnread(difference, deadline);
    if (unread !== null) {
      explained.set(difference.path, unreadOf(difference, unread));
      continue;
    }
    const request = requestOf(difference);
    worker ??= started();
    const answer = await answerOf(worker, request);
    if (answer === null || !('late' in answer)) {
      explained.set(request.path, answer ?? unreadOf(request, WHY_NOT[kindOf(request)]));
      continue;
    }
    explained.set(request.path, unreadOf(request, answer.late));
    await worker.terminate();
    worker = null;
  }
  await worker?.terminate();
  return explained;
}

const WHY_NOT = { code: 'it cannot be read as code', data: 'it cannot be read as JSON' } as const;

function kindOf({ path: file }: Pick<ExplainRequest, 'path'>): keyof typeof WHY_NOT {
  return isJsonName(file) ? 'data' : 'code';
}

function unreadOf(request: Pick<ExplainRequest, 'path'>, unread: string): Explained {
  return kindOf(request) === 'data' ? { data: { unread } } : { unread };
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

/** `late`: the thread was not done, or has ended. */
type Answer = Explained | { readonly late: string };

/** Null for what cannot be read. */
async function answerOf(worker: Worker, request: ExplainRequest): Promise<Answer | null> {
  const stop = new AbortController();
  const { signal } = stop;
  worker.postMessage(request);
  const answer = once(worker, 'message', { signal }).then(([one]) => one as Answer | null);
  const late = setTimeout(EACH_MS, { late: `it was not read in ${EACH_MS / 1000} s` }, { signal });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    // `once` rejects with what ended the thread, such as the limit on its memory.
    return { late: `reading it ended with: ${messageOf(error)}` };
  } finally {
    stop.abort();
    await Promise.allSettled([answer, late]);
  }
}
