import { messageOf, ReproveError } from '../errors.ts';

/** SQLite's primary result codes (https://sqlite.org/rescode.html) and what they mean to a user. */
const SQLITE: Readonly<Record<number, Failure>> = {
  5: { why: 'Another process has been writing to it for too long.', next: 'Run again when that has ended.' },
  6: { why: 'Another process has been writing to it for too long.', next: 'Run again when that has ended.' },
  8: {
    why: 'It can be read but not written.',
    next: 'Give yourself the right to write the file and its folder, or name another store with --store.',
  },
  10: {
    why: 'Its disk gave an error.',
    next: 'Look at the disk; what was stored before is safe there or in a copy.',
  },
  11: { why: 'It is damaged.', next: 'Put a copy back, or name another store with --store.' },
  13: {
    why: 'Its disk is full.',
    next: 'Make room and run again: what is done is stored, and only the rest is done then.',
  },
  14: {
    why: 'It cannot be opened or made.',
    next: 'Check that its folder exists and can be written to, or name another store with --store.',
  },
  26: {
    why: 'The file is no SQLite database.',
    next: 'Name another file with --store; this one was left as it is.',
  },
};

/** PostgreSQL's classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), the longest match first. */
const POSTGRES: readonly (readonly [code: string, failure: Failure])[] = [
  [
    '53100',
    {
      why: 'Its disk is full.',
      next: 'Make room there and run again: what is done is stored, and only the rest is done then.',
    },
  ],
  [
    '25006',
    { why: 'It can be read but not written.', next: 'Name the server that takes writes with --store.' },
  ],
  [
    '42501',
    { why: 'This user may not do that there.', next: 'Grant the user the right to create and write tables.' },
  ],
  [
    '28',
    { why: 'It does not accept this user and password.', next: 'Check the address given with --store.' },
  ],
  [
    '3D',
    { why: 'There is no such database.', next: 'Make it with "createdb", or name another with --store.' },
  ],
];

/** Codes of a server that is away, and may be back soon: connections that break or are refused, and shutdowns. */
const PASSING =
  /^(?:08|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)/;

interface Failure {
  readonly why: string;
  readonly next: string;
}

/** Whether the server is away, and the same may work when it is back. A file is never away. */
export function isAway(thrown: unknown): boolean {
  if (isSqlite(thrown)) return false;
  // pg says only in words that a connection ended, has ended, or could not be made in time.
  return (
    PASSING.test(codeOf(thrown)) ||
    /connection (?:terminated|timeout)|is not queryable|timeout exceeded when trying/i.test(messageOf(thrown))
  );
}

/** An error of a database as one that tells a user what to do; other errors as they are. */
export function asStoreFailure(thrown: unknown, where: string): unknown {
  if (thrown instanceof ReproveError) return thrown;
  const failure = failureOf(thrown);
  if (failure === null) return thrown;
  return new ReproveError(
    'store-failed',
    {
      what: `The store ${where} cannot be used.`,
      why: `${failure.why} (${messageOf(thrown)})`,
      next: failure.next,
    },
    { cause: thrown },
  );
}

function failureOf(thrown: unknown): Failure | null {
  if (isSqlite(thrown)) return SQLITE[thrown.errcode & 0xff] ?? null;
  if (isAway(thrown))
    return {
      why: 'It does not answer.',
      next: 'Start it, or check the address given with --store; then run again.',
    };
  const code = codeOf(thrown);
  return POSTGRES.find(([start]) => code.startsWith(start))?.[1] ?? null;
}

function isSqlite(thrown: unknown): thrown is Error & { readonly errcode: number } {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number';
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
