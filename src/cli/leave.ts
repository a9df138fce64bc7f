/** Long enough for what was only being closed, milliseconds. */
const CLOSING_MS = 200;

/**
 * Ends the process when nothing is left to do, and soon in any case: what was begun in advance and then not needed, such as the
 * image of the sandbox, must keep nobody waiting. Not at once by `process.exit`: that waits for threads which compile, and one of
 * them can be waiting for the main thread to collect garbage (seen with Node 24.21: a process that never ended).
 *
 * @param code the exit code; default: `process.exitCode`
 */
export function leave(code?: number): void {
  if (code !== undefined) process.exitCode = code;
  setTimeout(() => process.exit(), CLOSING_MS).unref();
}
