/** Every way in which the tool, its input or its environment can fail; anything else is a bug. */
export const ERROR_CODES = [
  'usage',
  'registry-unreachable',
  'registry-refuses',
  'registry-invalid',
  'no-engine',
  'engine-failed',
  'image-unavailable',
  'toolchain-unavailable',
  'git-unavailable',
  'signing-failed',
  'store-failed',
  'io',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * Exit code of each error: 2 is the user's input, 4 is the tool or its environment. A package version that the
 * registry does not have is no error but the verdict `unverifiable` (`artifact-missing`).
 */
const EXIT_CODES = {
  usage: 2,
  'registry-unreachable': 4,
  'registry-refuses': 4,
  'registry-invalid': 4,
  'no-engine': 4,
  'engine-failed': 4,
  'image-unavailable': 4,
  'toolchain-unavailable': 4,
  'git-unavailable': 4,
  'signing-failed': 4,
  'store-failed': 4,
  io: 4,
  internal: 4,
} as const satisfies Record<ErrorCode, number>;

/** What an error tells a person. */
export interface ErrorText {
  /** What happened, in one sentence. */
  readonly what: string;
  /** Why, as far as we know. */
  readonly why: string;
  /** What to do next. */
  readonly next: string;
}

/** The one base class of all errors that reprove raises on purpose. */
export class ReproveError extends Error {
  readonly code: ErrorCode;
  readonly text: ErrorText;

  constructor(code: ErrorCode, text: ErrorText, options?: ErrorOptions) {
    super(`${text.what} ${text.why} ${text.next}`, options);
    this.name = 'ReproveError';
    this.code = code;
    this.text = text;
  }
}

/** The exit code that stands for an error code. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
