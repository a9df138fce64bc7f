import { visible } from '../published/visible.ts';

/** A line of a command on stderr. Its words may come from outside. */
export function say(text: string): void {
  process.stderr.write(`reprove: ${visible(text)}\n`);
}
