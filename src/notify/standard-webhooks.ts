import { createHmac } from 'node:crypto';
import { ReproveError } from '../errors.ts';

/** Standard Webhooks 1.0.0, "Signature scheme": from 192 to 512 bits. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
/** While one secret replaces another, both sign. */
const MOST_SECRETS = 4;

/** A secret that a sender of webhooks and its receiver share. */
export type WebhookSecret = Buffer;

/**
 * Reads secrets, `whsec_` and base64 each, with white space between them; the newest first. Never says what they are.
 *
 * @param from where they are from, for messages
 * @throws ReproveError `usage`
 */
export function parseSecrets(text: string, from: string): readonly WebhookSecret[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw unusable(from, 'It is empty.');
  if (words.length > MOST_SECRETS) throw unusable(from, `It holds more than ${MOST_SECRETS} secrets.`);
  return words.map((word) => {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(word) ?? [];
    const secret = Buffer.from(base64, 'base64');
    if (secret.length < LEAST_BYTES || secret.length > MOST_BYTES)
      throw unusable(from, `A secret is "whsec_" and ${LEAST_BYTES} to ${MOST_BYTES} bytes as base64.`);
    return secret;
  });
}

/** What is sent. */
export interface WebhookMessage {
  /** Without a full stop. */
  readonly id: string;
  readonly body: string;
}

/** The headers of a webhook that is sent now. Pure. */
export function webhookHeaders(
  { id, body }: WebhookMessage,
  secrets: readonly WebhookSecret[],
  now: Date,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function unusable(from: string, why: string): ReproveError {
  return new ReproveError('usage', {
    what: `The secret for notifications in ${from} cannot be used.`,
    why,
    next: 'Make one with: echo "whsec_$(openssl rand -base64 32)"',
  });
}
