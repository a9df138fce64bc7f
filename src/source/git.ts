import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { simpleGit } from 'simple-git';
import { type Deadline, LONGEST_TIMER_MS } from '../deadline.ts';
import { messageOf, ReproveError } from '../errors.ts';
import type { Reason } from '../model/verdict.ts';
import { FAMILY_VARIABLE, killFamily } from '../process-family.ts';
import { run, type RunResult } from '../process.ts';

/** What a git command printed, or why there is nothing to go by. */
export type GitOutput =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly failure: GitFailure };

/** The same of a command that prints bytes. */
export type GitBytes =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly failure: GitFailure };

export interface GitFailure {
  /** `too-long`: it printed more than was allowed and was stopped. */
  readonly why: 'failed' | 'timed-out' | 'too-long';
  /** One line of what git said. */
  readonly message: string;
}

interface RunLimits {
  readonly maxBytes?: number;
  readonly watch?: (said: string) => GitFailure['why'] | null;
}

/** No output for this long means that a remote hangs. Progress output counts as life. */
const SILENCE_MS = 120_000;
/** How long a command that was stopped may take to end before it is left alone. */
const GRACE_MS = 1000;
const LONGEST_OUTPUT = 64 * 1024 * 1024;

/** Runs git in one folder. What a repository or a remote can make it do is a value, never an exception. */
export class Git {
  readonly #directory: string;
  readonly #emptyHome: string;
  readonly #deadline: Deadline | null;

  /**
   * @param options.emptyHome stands for the user's home, made when absent
   * @param options.deadline stops every command; null for none
   */
  constructor(options: { directory: string; emptyHome: string; deadline: Deadline | null }) {
    this.#directory = options.directory;
    this.#emptyHome = options.emptyHome;
    this.#deadline = options.deadline;
    mkdirSync(options.emptyHome, { recursive: true });
  }

  /** The same in another folder. */
  in(directory: string): Git {
    return new Git({ directory, emptyHome: this.#emptyHome, deadline: this.#deadline });
  }

  /**
   * Runs one command.
   *
   * @param limits.maxBytes most bytes that it may print; a tree of a few objects can unfold to terabytes
   * @param limits.watch sees what it says as it comes, and may give a reason to stop it
   * @throws ReproveError `git-unavailable` when there is no git to run
   */
  async run(args: readonly string[], limits: RunLimits = {}): Promise<GitOutput> {
    const left = this.#deadline?.leftMs() ?? LONGEST_TIMER_MS;
    if (left <= 0) return failed('timed-out', 'the time was over');
    const stop = new AbortController();
    const stopAs = (why: GitFailure['why']) => stop.abort(why);
    const timer = setTimeout(stopAs, Math.min(left, LONGEST_TIMER_MS), 'timed-out');
    try {
      const text = await this.#raw(args, stop, limits);
      // It may have come to its end before it could be stopped.
      return stop.signal.aborted ? stopped(stop) : { ok: true, text };
    } catch (error) {
      if (stop.signal.aborted) return stopped(stop);
      const message = messageOf(error);
      if (/\bspawn git (ENOENT|EACCES)\b/.test(message)) throw gitUnavailable(message, error);
      return failed('failed', tellingLine(message));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Runs one command that reads from its stdin.
   *
   * @param limits.maxBytes most bytes that it may print
   * @throws ReproveError `git-unavailable` when there is no git to run
   */
  async feed(args: readonly string[], input: string, limits: { maxBytes?: number } = {}): Promise<GitBytes> {
    const left = this.#deadline?.leftMs() ?? LONGEST_TIMER_MS;
    if (left <= 0) return failed('timed-out', 'the time was over');
    const done = await run({
      file: 'git',
      args,
      input,
      cwd: this.#directory,
      env: gitEnvironment({ emptyHome: this.#emptyHome, directory: this.#directory }),
      timeoutMs: Math.min(Math.ceil(left), LONGEST_TIMER_MS),
      maxBytes: limits.maxBytes ?? LONGEST_OUTPUT,
    });
    if (done.startError !== null) throw gitUnavailable(done.startError);
    return bytesOf(done);
  }

  async #raw(args: readonly string[], stop: AbortController, limits: RunLimits): Promise<string> {
    const family = randomUUID();
    const env = {
      ...gitEnvironment({ emptyHome: this.#emptyHome, directory: this.#directory }),
      [FAMILY_VARIABLE]: family,
    };
    let left = limits.maxBytes ?? LONGEST_OUTPUT;
    const count = (chunk: Buffer | string) => {
      left -= chunk.length;
      if (left < 0) stop.abort('too-long' satisfies GitFailure['why']);
    };
    const watch = (chunk: Buffer | string) => {
      const why = limits.watch?.(chunk.toString());
      if (why !== undefined && why !== null) stop.abort(why);
    };
    const git = simpleGit({
      baseDir: this.#directory,
      allowEnvironment: Object.keys(env),
      abort: stop.signal,
      timeout: { block: SILENCE_MS },
      completion: { onClose: true, onExit: false },
      // One that is killed for want of memory says nothing, and what it printed until then is not all.
      errors: (error, { exitCode }) =>
        error ?? (exitCode === 0 ? undefined : new Error(`git ended with exit code ${exitCode}`)),
    })
      .env(env)
      .outputHandler((_command, stdout, stderr) => {
        stdout.on('data', count);
        stderr.on('data', count);
        stderr.on('data', watch);
      });
    return Promise.race([git.raw([...args]), leftAlone(stop.signal, family)]);
  }
}

const STOPPED = 'it was stopped';

function stopped(stop: AbortController): GitOutput {
  return failed(stop.signal.reason as GitFailure['why'], STOPPED);
}

function bytesOf(done: RunResult): GitBytes {
  if (done.timedOut) return failed('timed-out', STOPPED);
  if (done.truncated) return failed('too-long', STOPPED);
  if (done.exitCode === 0) return { ok: true, bytes: done.stdout };
  return failed('failed', tellingLine(Buffer.from(done.stderr).toString()));
}

function failed(
  why: GitFailure['why'],
  message: string,
): { readonly ok: false; readonly failure: GitFailure } {
  return { ok: false, failure: { why, message } };
}

/** Rejects some time after a signal, and ends the helpers of git that are left then: nobody waits for them. */
function leftAlone(signal: AbortSignal, family: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => void killFamily(family).then(() => reject(new Error(STOPPED)), reject);
    const wait = () => setTimeout(end, GRACE_MS);
    signal.addEventListener('abort', wait, { once: true });
  });
}

/**
 * What git may take from our environment: the way to the network and nothing else. No user or system configuration (a
 * credential helper, an alias or an `insteadOf` would be ours, not the repository's), no prompt, only protocols that
 * run no program of the remote's choice (git-config(1), protocol.allow), and no repository further up.
 */
function gitEnvironment(options: { emptyHome: string; directory: string }): Record<string, string> {
  const passed = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']
    .concat(['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO'])
    .flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
  return {
    ...Object.fromEntries(passed),
    HOME: options.emptyHome,
    XDG_CONFIG_HOME: options.emptyHome,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CEILING_DIRECTORIES: path.dirname(options.directory),
    GIT_TERMINAL_PROMPT: '0',
    // A host that is silent is one that hangs (git-config(1), http.lowSpeed*).
    GIT_HTTP_LOW_SPEED_LIMIT: '1',
    GIT_HTTP_LOW_SPEED_TIME: String(SILENCE_MS / 1000),
    GIT_ALLOW_PROTOCOL: 'https:http:file',
    GIT_NO_REPLACE_OBJECTS: '1',
    LC_ALL: 'C',
  };
}

/** The line that says what went wrong, among progress and hints. */
function tellingLine(message: string): string {
  const lines = message.split(/[\r\n]+/);
  const telling = lines.find((line) => /^(remote: )?(fatal|error):/.test(line));
  return (telling ?? lines.find((line) => line.trim() !== '') ?? 'git failed').trim().slice(0, 500);
}

const REASONS = {
  failed: 'unsupported',
  'timed-out': 'timed-out',
  'too-long': 'resource-limit',
} as const satisfies Record<GitFailure['why'], Reason['code']>;

/** Why nothing can be judged, when git could not do something with a commit. */
export function reasonOf(failure: GitFailure, what: string): Reason {
  if (failure.why === 'timed-out') {
    return { code: 'timed-out', message: `${what}: git did not end in time. Allow more with --timeout.` };
  }
  const because = failure.why === 'too-long' ? 'it unfolds to more than any sandbox holds' : failure.message;
  return { code: REASONS[failure.why], message: `${what}: ${because}.` };
}

/** The error for a git that does not work here, or for a cache that is damaged. */
export function gitUnavailable(why: string, cause?: unknown): ReproveError {
  return new ReproveError(
    'git-unavailable',
    {
      what: 'git failed while reading a repository in the cache.',
      why: why.trim().split('\n').slice(0, 3).join(' '),
      next: 'Check that git 2.31 or newer is on the PATH; if the cache is damaged, remove its "git" folder.',
    },
    { cause },
  );
}
