import { ReproveError } from '../errors.ts';
import { run } from '../process.ts';

/**
 * Adds a folder to the end of a tar, owned by nobody in particular. Uses the machine's tar: the member is our own
 * `.git`, never an artifact.
 */
export async function appendToTar(options: {
  file: string;
  directory: string;
  member: string;
}): Promise<void> {
  const flags = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const args = [...flags, '-C', options.directory, '-rf', options.file, '--', options.member];
  const done = await run({ file: 'tar', args });
  if (done.exitCode === 0) return;
  throw new ReproveError('io', {
    what: 'The source tree could not be put together.',
    why: `tar: ${Buffer.from(done.stderr).toString().trim()}.`,
    next: 'Check that the cache folder has room and that GNU tar is on the PATH.',
  });
}
