import { messageOf, ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { run, type RunResult } from '../process.ts';
import type { ResultDocument } from '../report/document.ts';
import { SourceWanted, VerifyAnswer, type VerifyAsked } from './protocol.ts';

/** How a process ended that was to verify one package version. */
export type Verified =
  | { readonly kind: 'judged'; readonly document: ResultDocument }
  | { readonly kind: 'error'; readonly error: ReproveError }
  /** It gave no answer: it was killed, ran out of memory, or did not end. */
  | { readonly kind: 'crashed'; readonly detail: string }
  | { readonly kind: 'stopped' };

export interface ApartOptions {
  /** The program of the process (src/cli/verify-process.ts). */
  readonly program: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told where a source is before it is fetched, which waits for it; when it throws, so does the verification. */
  readonly onSource?: (repository: string | null) => Promise<void>;
}

/** It keeps its time itself; past this much more it is taken to hang. */
const GRACE_MS = 120_000;
const MOST_BYTES = 256 * 1024 ** 2;
/**
 * For processes that end soon. V8 begins with a young generation of 1 MiB and collects it again and again while they start; these
 * have room for all that one package version without a build makes. And it compiles once more, on other threads, what has been
 * called some hundred times: that pays for itself only after they have ended, and takes the processor from the other workers. Ten
 * times later is soon enough for a large archive.
 */
const V8_FLAGS = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--invocation-count-for-maglev=4000',
  '--invocation-count-for-turbofan=30000',
  '--no-concurrent-sparkplug',
];
/** What opens the key and the database is nothing to a process that reads what strangers packed. */
const SECRETS = [PASSPHRASE_VARIABLE, 'REPROVE_STORE', 'PGPASSWORD', 'PGPASSFILE'];

/**
 * Verifies one package version in a process of its own: whatever its archive or its repository does to that process, the batch
 * goes on. The process ends when this one does, however this one ends.
 */
export async function verifyApart(
  asked: Omit<VerifyAsked, 'asksForSource'>,
  options: ApartOptions,
): Promise<Verified> {
  const { onSource } = options;
  const ended = await run({
    file: process.execPath,
    args: [...(await v8Flags()), options.program],
    inheritEnv: true,
    withheldEnv: SECRETS,
    holdsStdin: true,
    extraInputs: [Buffer.from(JSON.stringify({ ...asked, asksForSource: onSource !== undefined }))],
    ...(onSource !== undefined && { onMessage: (message) => allow(message, onSource) }),
    timeoutMs: asked.timeoutMs + GRACE_MS,
    maxBytes: MOST_BYTES,
    signal: options.signal,
  });
  if (options.signal.aborted) return { kind: 'stopped' };
  const answer = ended.exitCode === 0 ? answerOf(ended) : null;
  if (answer === null) return { kind: 'crashed', detail: howItEnded(ended) };
  if (answer.ok) return { kind: 'judged', document: answer.document };
  return { kind: 'error', error: new ReproveError(answer.code, answer.text) };
}

let knownFlags: Promise<readonly string[]> | undefined;

/** Any release of Node may come without one of the flags, and does not start when it is given one that it does not know. */
function v8Flags(): Promise<readonly string[]> {
  knownFlags ??= run({ file: process.execPath, args: [...V8_FLAGS, '--version'] }).then(({ exitCode }) =>
    exitCode === 0 ? V8_FLAGS : [],
  );
  return knownFlags;
}

async function allow(
  message: unknown,
  onSource: (repository: string | null) => Promise<void>,
): Promise<string | null> {
  const wanted = SourceWanted.safeParse(message);
  // Nothing else is sent by ours; whatever else sends it waits in vain, and runs out of its time.
  if (!wanted.success) return null;
  await onSource(wanted.data.repository);
  return 'go';
}

function answerOf({ stdout }: RunResult): VerifyAnswer | null {
  try {
    return VerifyAnswer.parse(JSON.parse(new TextDecoder().decode(stdout)));
  } catch (error) {
    const text = {
      what: 'The process that verified it gave an answer that cannot be read.',
      why: messageOf(error).slice(0, 400),
      next: 'Please report it, with the command and this text.',
    };
    return { ok: false, code: 'internal', text };
  }
}

const MOST_SAID = 400;

function howItEnded({ exitCode, signal, startError, stderr, timedOut }: RunResult): string {
  if (startError !== null) return `It could not be started: ${startError}`;
  const said = new TextDecoder().decode(stderr).trim().slice(-MOST_SAID);
  const how = timedOut
    ? 'It did not end in time and was killed'
    : signal === null
      ? `It ended with exit code ${exitCode ?? 'none'}`
      : `It was ended by ${signal}`;
  return said === '' ? `${how}.` : `${how}; it said: ${said}`;
}
