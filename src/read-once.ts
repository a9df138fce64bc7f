import { config } from 'zod';

/**
 * For programs that read each kind of document once: schemas that are made afterwards read as they are, instead of compiling a
 * reader for each of them first.
 */
export function readOnce(): void {
  config({ jitless: true });
}
