export type Verdict = 'reproduced' | 'diverged' | 'unverifiable';

export const SEVERITIES = ['none', 'info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const REASON_CODES = [
  'no-repository',
  'repository-unreachable',
  'source-not-found',
  'source-mismatch',
  'unsupported',
  'fetch-failed',
  'build-failed',
  'pack-failed',
  'timed-out',
  'resource-limit',
  'artifact-invalid',
  'artifact-missing',
  'integrity-mismatch',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Why nothing could be judged. */
export interface Reason {
  readonly code: ReasonCode;
  /** What happened, why, and what to do next. */
  readonly message: string;
}

/** An expected outcome: a value, or the reason why there is none. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  /** `signals` are what there is to know all the same. */
  | { readonly ok: false; readonly reason: Reason; readonly signals?: readonly Signal[] };

/** Wraps a value as a successful outcome. */
export function found<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** Wraps a reason code and a message as a failed outcome. */
export function cannot(code: ReasonCode, message: string): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason: { code, message } };
}

/** One difference or oddity, as data. `kind` is a key of the findings catalogue (src/judge/findings.ts). */
export interface Finding<Kind extends string = string> {
  readonly kind: Kind;
  readonly severity: Severity;
  readonly path: string | null;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** A fact beside the comparison. `kind` is a key of the signals catalogue (src/model/signals.ts). */
export interface Signal<Kind extends string = string> {
  readonly kind: Kind;
  readonly severity: Severity;
  readonly message: string;
}

/** The worst of some severities; `none` for an empty list. */
export function worst(severities: readonly Severity[]): Severity {
  return severities.reduce<Severity>(
    (high, one) => (SEVERITIES.indexOf(one) > SEVERITIES.indexOf(high) ? one : high),
    'none',
  );
}

/** Whether a severity is `high` or worse. */
export function isHigh(severity: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf('high');
}
