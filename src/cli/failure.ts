import { exitCodeOf, messageOf, ReproveError } from '../errors.ts';

/** Prints an error to stderr and sets the exit code that stands for it. */
export function failWith(thrown: unknown): void {
  if (thrown instanceof ReproveError) {
    const { what, next } = thrown.text;
    const why = thrown.text.why.replace(/\s*\n\s*/g, '; ');
    process.stderr.write(`reprove: ${what}\n  why:  ${why}\n  next: ${next}\n`);
    process.exitCode = exitCodeOf(thrown.code);
    return;
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
  process.stderr.write(
    `reprove: Something happened that should not be possible; this is no verdict.\n  why:  ${stack}\n` +
      '  next: Please report it, with the command and this text.\n',
  );
  process.exitCode = exitCodeOf('internal');
}
