import { exitCodeOf, messageOf, ReproveError } from '../errors.ts';
import { visible } from '../published/visible.ts';

/** Prints an error to stderr and sets the exit code that stands for it. Its words may come from outside. */
export function failWith(thrown: unknown): void {
  if (thrown instanceof ReproveError) {
    const { what, why, next } = thrown.text;
    process.stderr.write(`reprove: ${line(what)}\n  why:  ${line(why)}\n  next: ${line(next)}\n`);
    process.exitCode = exitCodeOf(thrown.code);
    return;
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
  process.stderr.write(
    `reprove: Something happened that should not be possible; this is no verdict.\n  why:  ${visible(stack, { keepLines: true })}\n` +
      '  next: Please report it, with the command and this text.\n',
  );
  process.exitCode = exitCodeOf('internal');
}

function line(text: string): string {
  return visible(text.replaceAll(/\s*\n\s*/g, '; '));
}
