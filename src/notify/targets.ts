import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { VERSION } from '../version.ts';
import { webhookHeaders, type WebhookMessage, type WebhookSecret } from './standard-webhooks.ts';

/** How one try went. */
export type SendOutcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'failed';
      readonly detail: string;
      /** How long the receiver wants to be left alone, milliseconds; null when it does not say. */
      readonly retryAfterMs: number | null;
    }
  /** The receiver wants no more of it. */
  | { readonly kind: 'refused'; readonly detail: string };

/** A place that is told. */
export interface Target {
  /** sha256 of its address. */
  readonly id: string;
  /** What to call it in messages: of an address, which can be a secret, only the origin. */
  readonly shown: string;
  /** Tries once. */
  send(message: WebhookMessage): Promise<SendOutcome>;
}

/** Standard Webhooks 1.0.0, "Request timeouts". */
const TIMEOUT_MS = 20_000;

/** A receiver of signed webhooks. Its answer counts by its status; where it points to is not followed. */
export function webhookTarget(address: string, secrets: readonly WebhookSecret[]): Target {
  return {
    id: idOf(address),
    shown: new URL(address).origin,
    async send(message) {
      try {
        const response = await fetch(address, {
          method: 'POST',
          redirect: 'manual',
          body: message.body,
          headers: {
            'content-type': 'application/json',
            'user-agent': `reprove/${VERSION}`,
            ...webhookHeaders(message, secrets, new Date()),
          },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        // Nothing that it says is read.
        await response.body?.cancel();
        return outcomeOf(response);
      } catch (error) {
        return { kind: 'failed', detail: whyOf(error), retryAfterMs: null };
      }
    },
  };
}

function outcomeOf({ ok, status, headers }: Response): SendOutcome {
  if (ok) return { kind: 'delivered' };
  if (status === 410) return { kind: 'refused', detail: 'It answered with status 410: it is gone.' };
  const redirected = status >= 300 && status < 400 ? ', and redirections are not followed' : '';
  const detail = `It answered with status ${status}${redirected}.`;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { kind: 'failed', detail, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null };
}

/** `fetch` keeps the reason in the cause. */
function whyOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? `${String(cause.code)} ` : '';
  return `${code}${messageOf(cause)}`.trim();
}

/** A file to which a line is added for each notification. */
export function fileTarget(file: string): Target {
  return {
    id: idOf(`file:${file}`),
    shown: file,
    async send({ body }) {
      try {
        await appendLine(file, body);
        return { kind: 'delivered' };
      } catch (error) {
        return { kind: 'failed', detail: messageOf(error), retryAfterMs: null };
      }
    },
  };
}

async function appendLine(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a+');
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    // A line that a full disk cut off stays what it is, and does not spoil this one.
    const separator = size > 0 && last.toString('latin1') !== '\n' ? '\n' : '';
    await handle.appendFile(`${separator}${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function idOf(address: string): string {
  return createHash('sha256').update(address).digest('hex');
}
