import type { Readable, Writable } from 'node:stream';
import { TailBuffer } from './tail-buffer.ts';

/** The host's programs are found as in a bare login shell when the environment says nothing. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const STATUS_BYTES = 65536;

/** Loaded with the first program that is run: it has more than a hundred modules, and many commands run none. */
const library = () => import('execa');

/** A program and its arguments; never a shell string. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the clean environment (which has only PATH and LC_ALL=C.UTF-8). */
  readonly env?: Readonly<Record<string, string>>;
  /** True gives the program our own environment too; only for programs that are configured by it. */
  readonly inheritEnv?: boolean;
  /** Variables of our own environment that it does not get all the same. */
  readonly withheldEnv?: readonly string[];
  readonly cwd?: string;
}

export interface RunOptions extends Command {
  /** Written to its stdin, which is otherwise empty. */
  readonly input?: string | Uint8Array;
  /** True, without `input`: its stdin stays open until it ends or we do, by which it can tell that we are gone. */
  readonly holdsStdin?: boolean;
  /** After this many milliseconds the process is killed. */
  readonly timeoutMs?: number;
  /** Most bytes kept of each output; the end is kept and `truncated` says so. Default 64 MiB. */
  readonly maxBytes?: number;
  /** The bytes that can be read from the file descriptors 3, 4, ... */
  readonly extraInputs?: readonly Uint8Array[];
  /** Takes its stdout as it comes, instead of `stdout` and `all`; is not ended. Once it is destroyed the rest is dropped. */
  readonly stdoutTo?: Writable;
  /** True opens one more descriptor, after the extra inputs, whose bytes come back as `status`. */
  readonly statusFd?: boolean;
  /**
   * For a Node program: takes what it sends (`process.send`), as JSON, and sends back what comes of it, unless that is null. When it
   * throws, the process is killed, and the run throws the same.
   */
  readonly onMessage?: (message: unknown) => Promise<string | null>;
  /** Kills the process when aborted. */
  readonly signal?: AbortSignal;
  /** Sees the process id as soon as there is one. */
  readonly onPid?: (pid: number) => void;
}

/** How a process ended; everything that can go wrong is a value. */
export interface RunResult {
  /** Null when it was killed or never started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Why the program could not be started; null when it was. */
  readonly startError: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Both, roughly in the order in which they came. */
  readonly all: Uint8Array;
  readonly status: Uint8Array;
  /** True when an output was longer than `maxBytes`. */
  readonly truncated: boolean;
}

/** Runs a program to its end. Never throws for what the program does, only what `onMessage` throws. */
export async function run(options: RunOptions): Promise<RunResult> {
  const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const inputs = options.extraInputs ?? [];
  const { execa } = await library();
  const child = execa(options.file, [...options.args], {
    ...settingsOf(options),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.onMessage === undefined ? {} : ({ ipc: true, serialization: 'json' } as const)),
    stdio: [
      options.input === undefined && options.holdsStdin !== true ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...inputs,
      ...(options.statusFd === true ? (['pipe'] as const) : []),
    ],
  });
  if (child.pid !== undefined) options.onPid?.(child.pid);
  const outputs = {
    stdout: new TailBuffer(limit),
    stderr: new TailBuffer(limit),
    all: new TailBuffer(limit),
    status: new TailBuffer(STATUS_BYTES),
  };
  if (options.stdoutTo === undefined) collect(child.stdout, outputs.stdout, outputs.all);
  else pour(child.stdout, options.stdoutTo);
  collect(child.stderr, outputs.stderr, outputs.all);
  if (options.statusFd === true) collect(child.stdio[3 + inputs.length], outputs.status);
  const talk =
    options.onMessage === undefined ? null : answering(child as unknown as Talking, options.onMessage);
  const result = await child;
  if (talk !== null && talk.failure !== null) throw talk.failure.error;
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    timedOut: result.timedOut,
    startError: startErrorOf(result),
    stdout: outputs.stdout.bytes(),
    stderr: outputs.stderr.bytes(),
    all: outputs.all.bytes(),
    status: outputs.status.bytes(),
    truncated: outputs.stdout.truncated || outputs.stderr.truncated,
  };
}

interface Talking {
  getEachMessage(): AsyncIterable<unknown>;
  sendMessage(message: string): Promise<void>;
  kill(signal: 'SIGKILL'): boolean;
}

/**
 * Answers what a process sends, until it ends.
 *
 * @returns what `answer` threw, if it did
 */
function answering(
  child: Talking,
  answer: (message: unknown) => Promise<string | null>,
): { readonly failure: { readonly error: unknown } | null } {
  const talk: { failure: { readonly error: unknown } | null } = { failure: null };
  const answerAll = async () => {
    for await (const message of child.getEachMessage()) {
      const text = await answer(message).catch((error: unknown) => {
        talk.failure = { error };
        child.kill('SIGKILL');
        return null;
      });
      if (text !== null) await child.sendMessage(text);
    }
  };
  // It ends with the process; how that ended is said elsewhere.
  answerAll().catch(() => undefined);
  return talk;
}

/**
 * Runs two programs with the first one's stdout as the second one's stdin, to the end of both.
 * Gives the first failure as a sentence, or null.
 */
export async function runPiped(from: Command, to: Command): Promise<string | null> {
  const { execa } = await library();
  const result = await execa(from.file, [...from.args], {
    ...settingsOf(from),
    buffer: { stderr: true, stdout: false },
  }).pipe(to.file, [...to.args], { ...settingsOf(to), buffer: true, maxBuffer: 65536 });
  // The reader first: when it dies, the writer only fails of a broken pipe.
  for (const one of [result, ...result.pipedFrom]) {
    if (one.failed) return `${one.shortMessage ?? one.command}: ${textOf(one.stderr)}`;
  }
  return null;
}

/** A process that lives for as long as its stdin is open, and so never longer than ours. */
export interface HeldProcess {
  /** What it printed when it was ready. */
  readonly line: string;
  /** Closes its stdin and waits for its end. */
  release(): Promise<void>;
}

const READY_MS = 20_000;

/**
 * Starts a program that prints one line when it is ready and ends when its stdin closes.
 * Gives a sentence when it ends before that line, or takes longer than 20 s for it.
 */
export async function hold(command: Command): Promise<HeldProcess | string> {
  const { execa } = await library();
  const child = execa(command.file, [...command.args], {
    ...settingsOf(command),
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const said = new TailBuffer(8192);
  collect(child.stderr, said);
  const line = await firstLine(child.stdout, READY_MS);
  if (line !== null) {
    collect(child.stdout, said);
    return {
      line,
      release: async () => {
        child.stdin?.end();
        await child;
      },
    };
  }
  const isLate = child.kill('SIGKILL');
  const result = await child;
  const startError = startErrorOf(result);
  return (
    startError ??
    `${said.text().trim()} (${command.file} ${isLate ? 'was not ready in time' : 'ended at once'})`
  );
}

/** The first line of a stream without its end; null when the stream ends or the time passes before. */
function firstLine(stream: Readable | null, milliseconds: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(resolve, milliseconds, null);
    const settle = (line: string | null) => {
      clearTimeout(timer);
      stream?.removeAllListeners('data');
      resolve(line);
    };
    stream?.on('data', (chunk: Uint8Array) => {
      text += new TextDecoder().decode(chunk);
      if (text.includes('\n')) settle(text.slice(0, text.indexOf('\n')));
    });
    stream?.once('close', () => settle(null));
  });
}

function settingsOf(command: Command) {
  return {
    extendEnv: command.inheritEnv === true,
    env: {
      PATH: process.env['PATH'] ?? DEFAULT_PATH,
      LC_ALL: 'C.UTF-8',
      ...command.env,
      ...Object.fromEntries((command.withheldEnv ?? []).map((name) => [name, undefined])),
    },
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    reject: false,
    buffer: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
    cleanup: true,
  } as const;
}

function collect(stream: unknown, ...into: readonly TailBuffer[]): void {
  const readable = stream as Readable | null | undefined;
  readable?.on('data', (chunk: Uint8Array) => {
    for (const buffer of into) buffer.push(chunk);
  });
}

/** A program whose output nobody takes would never end. */
function pour(stream: Readable | null, into: Writable): void {
  stream?.pipe(into, { end: false });
  into.once('close', () => stream?.resume());
}

/** The last of what a program said. */
function textOf(bytes: unknown): string {
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes).slice(-2000).trim() : '';
}

interface Ending {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly shortMessage?: string | undefined;
}

/** A process that has neither an exit code nor a signal never ran. */
function startErrorOf(ending: Ending): string | null {
  const ran =
    ending.exitCode !== undefined || ending.signal !== undefined || ending.timedOut || ending.isCanceled;
  return ran ? null : (ending.shortMessage ?? 'The program could not be started.');
}
