import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf, ReproveError } from '../../../src/errors.ts';
import type { Validators } from '../../../src/model/releases.ts';
import type { NpmOptions } from './config.ts';

/** How patient a request is. */
export interface Patience {
  /** Longest silence of the registry, before and between bytes, milliseconds. */
  readonly timeoutMs: number;
  /** Further tries after a transient failure (connection, silence, 5xx, 429). */
  readonly retries: number;
  /** Pause before the first further try, doubled each time, milliseconds. */
  readonly pauseMs: number;
}

export const DEFAULT_PATIENCE: Patience = { timeoutMs: 60_000, retries: 2, pauseMs: 250 };

export interface Download {
  readonly url: string;
  /** The package that it is for: npm chooses credentials by it. */
  readonly name: string;
  readonly accept: string;
  /** The download is ended beyond this; never held in memory whole. */
  readonly maxBytes: number;
  /** Of the state that is known already: the file is wanted only when it is another one. */
  readonly known?: Validators;
}

export type Reply =
  | { readonly kind: 'ok'; readonly bytes: Uint8Array; readonly validators: Validators }
  | { readonly kind: 'absent' };

/** Bytes of an error's body that are read: enough for a sentence, not for an attack on our memory. */
const MAX_ERROR_BODY = 1024 * 1024;
const USER_AGENT = 'reprove';

/**
 * Downloads a file from a registry with the user's npm configuration.
 * 404 and 410 are `absent`. Throws ReproveError `registry-invalid` when it is larger than allowed, and
 * `registry-unreachable` for everything that keeps the registry from answering just now, and `registry-refuses` for what will keep
 * it from answering the next time as well.
 */
export async function download(what: Download, npm: NpmOptions, patience: Patience): Promise<Reply> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await downloadOnce(what, npm, patience);
    if (result.kind === 'unchanged') throw unasked(what);
    if (result.kind !== 'failed') return result;
    if (!result.transient || attempt >= patience.retries) throw result.error;
    await sleep(patience.pauseMs * 2 ** attempt);
  }
}

type Attempt =
  | Reply
  /** It is what `known` tells of. */
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'failed';
      readonly transient: boolean;
      readonly error: ReproveError;
      /** Null when there was no answer. */
      readonly status: number | null;
      /** How long the registry wants to be left alone, milliseconds; null when it does not say. */
      readonly retryAfterMs: number | null;
    };

/** The same, asked only once: whatever goes wrong is a value. */
export async function downloadOnce(
  what: Download,
  npm: NpmOptions,
  patience: Pick<Patience, 'timeoutMs'>,
): Promise<Attempt> {
  boundErrorBodies();
  const silence = new Silence(patience.timeoutMs);
  try {
    const { default: registryFetch } = await import('npm-registry-fetch');
    // The same mapping type for npm's own open-ended options, once.
    const options = {
      ...npm.fetch,
      spec: what.name,
      headers: { accept: what.accept, 'user-agent': USER_AGENT, ...conditions(what.known) },
      timeout: patience.timeoutMs,
      retry: { retries: 0 },
      signal: silence.signal,
    } as unknown as NonNullable<Parameters<typeof registryFetch>[1]>;
    const response = await registryFetch(what.url, options);
    if (response.status === 304) return { kind: 'unchanged' };
    if (response.body === null) throw new Error('The answer has no body.');
    const read = await readBody(what, response.body, silence);
    return read instanceof Uint8Array
      ? { kind: 'ok', bytes: read, validators: validatorsOf(response) }
      : read;
  } catch (thrown) {
    return failure(what, thrown, silence.expired);
  } finally {
    silence.end();
  }
}

async function readBody(
  what: Download,
  body: NodeJS.ReadableStream,
  silence: Silence,
): Promise<Uint8Array | Attempt> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    silence.broken();
    size += chunk.byteLength;
    if (size > what.maxBytes) {
      silence.abort();
      return { kind: 'failed', transient: false, error: tooLarge(what), status: 200, retryAfterMs: null };
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** RFC 9110, sections 13.1.2 and 13.1.3: where there is an entity tag, the date is not looked at. */
function conditions(known: Validators | undefined): Readonly<Record<string, string>> {
  return {
    ...(known?.etag != null && { 'if-none-match': known.etag }),
    ...(known?.lastModified != null && { 'if-modified-since': known.lastModified }),
  };
}

function validatorsOf({ headers }: { readonly headers: { get(name: string): string | null } }): Validators {
  return { etag: validator(headers.get('etag')), lastModified: validator(headers.get('last-modified')) };
}

/** What is sent back as a header as it came must be one, and is kept for each package. */
function validator(value: string | null): string | null {
  return value !== null && /^[\x20-\x7e]{1,256}$/.test(value) ? value : null;
}

/** Ends a request after a time without any bytes. */
class Silence {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout;
  expired = false;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  abort(): void {
    this.#controller.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.expired = true;
      this.abort();
    }, this.#milliseconds);
  }
}

let bounded = false;

/** npm-registry-fetch reads the body of an error whole, whatever its size: cut the connection before that hurts. */
function boundErrorBodies(): void {
  if (bounded) return;
  bounded = true;
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (String(request.getHeader('user-agent')) !== USER_AGENT || (response.statusCode ?? 0) < 300) return;
    const push = response.push.bind(response);
    let size = 0;
    response.push = (chunk: Uint8Array | null, encoding?: BufferEncoding): boolean => {
      size += chunk?.length ?? 0;
      if (size > MAX_ERROR_BODY) {
        response.destroy(new Error('The body of the error is too long.'));
        return false;
      }
      return push(chunk, encoding);
    };
  });
}

function failure(what: Download, thrown: unknown, timedOut: boolean): Attempt {
  const status = statusOf(thrown);
  if (status === 404 || status === 410) return { kind: 'absent' };
  if (status === 401 || status === 403)
    return failed(what, { transient: false, ...refusal(status), cause: thrown });
  if (status !== null) {
    const transient = status >= 500 || status === 429 || status === 408;
    const why = `The registry answered with status ${status}.`;
    return failed(what, { transient, why, next: 'Try again later.', cause: thrown });
  }
  const why = timedOut
    ? 'The registry stayed silent for too long.'
    : `${messageOf(thrown)}.`.replace(/\.\.$/, '.');
  const next =
    'Check the network, the proxy settings and the registry of your npm configuration (--registry).';
  // A certificate that is wrong now is wrong a second later as well.
  const transient = !/CERT|SELF_SIGNED|ERR_TLS|ERR_INVALID_URL/.test(codeOf(thrown));
  return failed(what, { transient, why, next, cause: thrown });
}

function refusal(status: number) {
  return {
    why: `The registry answered with status ${status}: it wants other credentials than those it was given.`,
    next: 'Log in with `npm login --registry <url>`, or check the token in your .npmrc; it must be able to read this package.',
  };
}

function failed(
  { url }: Download,
  { transient, why, next, cause }: { transient: boolean; why: string; next: string; cause: unknown },
): Attempt {
  const what = `The registry did not give ${url.replace(/\/\/[^/@]*@/, '//')}.`;
  const code = transient ? 'registry-unreachable' : 'registry-refuses';
  const error = new ReproveError(code, { what, why, next }, { cause });
  return { kind: 'failed', transient, error, status: statusOf(cause), retryAfterMs: retryAfter(cause) };
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfter(thrown: unknown): number | null {
  const headers = thrown instanceof Error && 'headers' in thrown ? thrown.headers : null;
  const { data } = RetryHeaders.safeParse(headers);
  const [value] = data?.['retry-after'] ?? [];
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

const RetryHeaders = z.object({ 'retry-after': z.array(z.string()).optional() });

function unasked({ name }: Download): ReproveError {
  return new ReproveError('registry-invalid', {
    what: `The registry did not give the document of ${name}.`,
    why: 'It answered that nothing has changed, and was not asked that.',
    next: 'Check that the registry serves what npm expects.',
  });
}

function tooLarge(what: Download): ReproveError {
  return new ReproveError('registry-invalid', {
    what: `The registry's answer for ${what.name} is too large.`,
    why: `It has more than ${what.maxBytes} bytes.`,
    next: 'Check that the registry serves what npm expects.',
  });
}

function statusOf(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
