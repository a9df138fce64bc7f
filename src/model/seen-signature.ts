/** Who else has seen a signature. */
export interface SeenSignature {
  readonly kind: 'log' | 'timestamp';
  /** When, ISO 8601; null for a log that does not vouch for the time. */
  readonly time: string | null;
  /** The place in the log; null for timestamps. */
  readonly index: string | null;
}
