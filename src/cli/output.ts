import { exitCodeOf, messageOf, ReproveError } from '../errors.ts';
import { failWith } from './failure.ts';

/**
 * Who reads the output may have seen enough (`| head`): what is under way goes on then, and the exit code still tells how it came
 * out. Output that cannot be written for another reason is a failure (`io`).
 */
export function mindOutput({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  let isLost = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    // What comes out well afterwards has not been told either.
    process.once('exit', () => {
      process.exitCode = exitCodeOf('io');
    });
    const what = 'The output could not be written.';
    const next = 'Make room there or send it elsewhere, and run the command again.';
    failWith(new ReproveError('io', { what, why: messageOf(error), next }, { cause: error }));
  });
  // Nobody is left to be told.
  stderr.on('error', () => undefined);
}
