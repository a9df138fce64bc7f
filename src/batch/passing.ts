import type { ErrorCode } from '../errors.ts';
import { REGISTRY_FAILED } from '../rebuild.ts';
import type { ResultDocument } from '../report/document.ts';
import type { Verified } from './verify-apart.ts';

/** What went wrong, by what may make it pass. */
export type Trouble = 'environment' | 'repository' | 'crash' | 'none';

/** An error and whether it passes: `environment` is a registry, an engine or a disk that others depend on as well. */
const ERRORS = {
  usage: 'none',
  'registry-unreachable': 'environment',
  'registry-refuses': 'none',
  'registry-invalid': 'none',
  'no-engine': 'environment',
  'engine-failed': 'environment',
  'image-unavailable': 'environment',
  'toolchain-unavailable': 'environment',
  'git-unavailable': 'environment',
  'signing-failed': 'environment',
  'store-failed': 'none',
  io: 'environment',
  internal: 'crash',
} as const satisfies Record<ErrorCode, Trouble>;

/** How often something is tried again that met a trouble. A repository that does not answer is most often gone. */
const RETRIES = {
  // The waits add up to more than an hour.
  environment: 10,
  repository: 1,
  crash: 2,
  none: 0,
} as const satisfies Record<Trouble, number>;

/** The trouble that a verification met. Pure. */
export function troubleOf(verified: Exclude<Verified, { readonly kind: 'stopped' }>): Trouble {
  if (verified.kind === 'crashed') return 'crash';
  if (verified.kind === 'error') return ERRORS[verified.error.code];
  return reasonPasses(verified.document) ? 'repository' : 'none';
}

/** Whether a result says that nothing could be had just now: another try may give another one. Pure. */
export function reasonPasses({ reason }: Pick<ResultDocument, 'reason'>): boolean {
  if (reason?.code === 'fetch-failed') return reason.message.includes(REGISTRY_FAILED);
  return reason?.code === 'repository-unreachable';
}

/**
 * How long to wait before another try, milliseconds; null when there is none any more. Pure.
 *
 * @param tried how often it was tried and met the same kind of trouble
 * @param firstMs the first wait; each is twice the one before it, up to 15 minutes
 */
export function waitBefore(trouble: Trouble, tried: number, firstMs: number): number | null {
  if (tried > RETRIES[trouble]) return null;
  return Math.min(firstMs * 2 ** (tried - 1), LONGEST_WAIT_MS);
}

const LONGEST_WAIT_MS = 15 * 60_000;
