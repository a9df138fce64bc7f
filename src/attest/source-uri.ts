import type { ResultDocument } from '../report/document.ts';

type Source = NonNullable<ResultDocument['source']>;

/** Where a source lies (SPDX's form, which SLSA recommends): with the ref that led to it, else with the commit. */
export function sourceUri({ repository, ref, commit }: Source): string {
  return `git+${repository}@${ref ?? commit}`;
}

/** The digests of a source: of the commit, and of its tree as far as it is known. */
export function sourceDigest({ commit, tree }: Source): { gitCommit: string; gitTree?: string } {
  return { gitCommit: commit, ...(tree !== null && { gitTree: tree }) };
}

/** What `sourceUri` was made from; null for a text that it did not make. Names of tags may hold an `@` as well. */
export function parseSourceUri(
  uri: string,
): { readonly repository: string; readonly ref: string | null } | null {
  const [, repository = '', at = ''] = /^git\+(\S+?)@(refs\/\S+|[0-9a-f]{40})$/.exec(uri) ?? [];
  if (repository === '') return null;
  return { repository, ref: at.startsWith('refs/') ? at : null };
}
