import { ReproveError } from '../errors.ts';
import { Courier } from '../notify/courier.ts';
import { parseSecrets, type WebhookSecret } from '../notify/standard-webhooks.ts';
import { fileTarget, type Target, webhookTarget } from '../notify/targets.ts';
import { readSmallFile } from '../small-file.ts';
import { type NewNotice, putNotices } from '../store/notices.ts';
import type { Queries, Store } from '../store/open.ts';
import type { NotifyOptions } from './notify-options.ts';
import { say } from './say.ts';

const VARIABLE = 'REPROVE_NOTIFY_SECRET';
/** At the end of a batch: enough for a second try. */
const PATIENCE_MS = 10_000;

/**
 * The places that are told, as the options say.
 *
 * @throws ReproveError `usage` when there is an address and no secret, or the secret is none
 */
export async function targetsOf({
  notifyUrl,
  notifySecretFile,
  notifyFile,
}: NotifyOptions): Promise<readonly Target[]> {
  const files = notifyFile === undefined ? [] : [fileTarget(notifyFile)];
  if (notifyUrl.length === 0) return files;
  const secrets = await secretsOf(notifySecretFile);
  return [...notifyUrl.map((address) => webhookTarget(withoutUser(address), secrets)), ...files];
}

async function secretsOf(file: string | undefined): Promise<readonly WebhookSecret[]> {
  if (file !== undefined) return parseSecrets((await readSmallFile(file, 'secret file')).text, file);
  const text = process.env[VARIABLE];
  if (text !== undefined) return parseSecrets(text, VARIABLE);
  throw new ReproveError('usage', {
    what: 'There is no secret to sign notifications with.',
    why: 'Whoever gets one without a signature cannot tell it from one that somebody else made.',
    next: `Make one with: echo "whsec_$(openssl rand -base64 32)". Give it in a file with --notify-secret-file, or in ${VARIABLE}.`,
  });
}

/** `fetch` takes no user name and password in an address, and neither belongs on a command line. */
function withoutUser(address: string): string {
  const { username, password } = new URL(address);
  if (username === '' && password === '') return address;
  throw new ReproveError('usage', {
    what: 'The address for notifications has a user name or password in it.',
    why: 'Every user of the machine can read command lines.',
    next: 'Leave them out of --notify-url: the signature tells the receiver who sends.',
  });
}

/** Tells some places what is put into the outbox; what cannot be delivered stays there, and nothing waits for it. */
export class Notifier {
  readonly #targets: readonly Target[];
  readonly #couriers: readonly Courier[];
  readonly #signal: AbortSignal;
  #delivering: Promise<unknown> = Promise.resolve();

  constructor(store: Store, targets: readonly Target[], signal: AbortSignal) {
    const options = { signal, now: () => new Date(), onTrouble: say };
    this.#targets = targets;
    this.#signal = signal;
    this.#couriers = targets.map((target) => new Courier(store, target, options));
  }

  /** In the transaction of what is told. */
  put(db: Queries, notices: readonly NewNotice[]): Promise<void> {
    return putNotices(db, notices, { targets: this.#targets.map(({ id }) => id), now: new Date() });
  }

  /** Begins to deliver what an earlier run left. */
  begin(): void {
    this.#delivering = this.#deliver(0);
  }

  /** Delivers in the background what is there, and goes on trying until the signal. */
  wake(): void {
    for (const courier of this.#couriers) courier.wake();
  }

  /** Delivers what can be delivered soon; after the signal only what is on its way. */
  async finish(): Promise<void> {
    await this.#delivering;
    if (this.#signal.aborted) await Promise.all(this.#couriers.map((courier) => courier.stopped()));
    else await this.#deliver(PATIENCE_MS);
  }

  /** A store that fails here fails in the run itself as well, where it is said. */
  async #deliver(patienceMs: number): Promise<void> {
    await Promise.allSettled(this.#couriers.map((courier) => courier.deliver(patienceMs)));
  }
}
