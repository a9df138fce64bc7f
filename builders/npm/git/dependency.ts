import { parseRepositoryUrl, type RepositoryUrl } from '../../../src/source/repository-url.ts';

/** A dependency that lies in a git repository instead of a registry. */
export interface GitDependency {
  readonly repository: RepositoryUrl;
  /** A commit, tag or branch, or `semver:` and a range; null for the default branch. */
  readonly committish: string | null;
}

/** Archives of a repository that hosts make; each names the repository and then the commit, tag or branch. */
const ARCHIVES: readonly RegExp[] = [
  /^https?:\/\/api\.(github\.com)\/repos\/([^/]+\/[^/]+)\/tarball\/([^?#]+)$/,
  /^https?:\/\/codeload\.(github\.com)\/([^/]+\/[^/]+)\/(?:legacy\.)?tar\.gz\/([^?#]+)$/,
  /^https?:\/\/(?:www\.)?(github\.com)\/([^/]+\/[^/]+)\/(?:tarball|archive)\/([^?#]+?)(?:\.tar\.gz|\.tgz)?$/,
  /^https?:\/\/(gitlab\.com)\/(.+?)\/-\/archive\/([^/?#]+)\/[^/]+\.tar\.gz$/,
  /^https?:\/\/(bitbucket\.org)\/([^/]+\/[^/]+)\/get\/([^/?#]+?)\.(?:tar\.gz|tgz)$/,
];

/** Words for a git repository (npm's package-arg: git URLs, short forms of hosts, `owner/name`). */
const GIT = /^(?:git(?:\+\w+)?:|git@|ssh:|github:|gitlab:|bitbucket:|https?:\/\/[^#]+\.git(?:#|$))/;
const SHORT = /^[\w.-]+\/[\w.-]+(?:#|$)/;

/**
 * Reads what stands in a manifest in place of a range, or in a lockfile as an address.
 *
 * @returns null for whatever is no git repository and no host's archive of one: ranges, local paths, other URLs
 */
export function parseGitDependency(text: string): GitDependency | null {
  for (const pattern of ARCHIVES) {
    const [, host, path, committish] = pattern.exec(text) ?? [];
    const repository = path === undefined ? null : parseRepositoryUrl(`https://${host ?? ''}/${path}`);
    if (repository !== null && committish !== undefined)
      return { repository, committish: committish.replace(/^refs\/(?:tags|heads)\//, '') };
  }
  if (!GIT.test(text) && !SHORT.test(text)) return null;
  const [place = '', ...after] = text.split('#');
  const repository = parseRepositoryUrl(place);
  return repository === null ? null : { repository, committish: committishIn(after.join('#')) };
}

/** Berry writes `#commit=<id>` and the like, pnpm adds `&path:<folder>`. */
function committishIn(fragment: string): string | null {
  const words = fragment.split('&').filter((word) => !/^(?:path:|workspace=|cwd=)/.test(word));
  const word = (words[0] ?? '').replace(/^(?:commit|tag|head)=/, '');
  return word === '' ? null : word;
}
