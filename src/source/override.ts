import { ReproveError } from '../errors.ts';
import { parseRepositoryUrl } from './repository-url.ts';
import type { SourceOverride } from './resolve.ts';

/**
 * Reads `--source <url#commit>`; the commit may be a tag or a branch, or missing.
 * Throws ReproveError `usage` when the URL names no repository.
 */
export function parseSourceOverride(text: string): SourceOverride {
  const hash = text.lastIndexOf('#');
  const repository = hash < 0 ? text : text.slice(0, hash);
  const commit = hash < 0 ? null : text.slice(hash + 1);
  if (parseRepositoryUrl(repository) === null || commit === '') {
    throw new ReproveError('usage', {
      what: `--source ${JSON.stringify(text)} names no source.`,
      why: 'It must be the URL of a repository on a host, with "#" and a commit, tag or branch behind it.',
      next: 'For example: --source https://github.com/owner/name#v1.2.3',
    });
  }
  return { repository, commit };
}
