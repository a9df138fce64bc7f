import type { Archive } from '../../src/model/artifact.ts';
import type { Evidence } from '../../src/model/source.ts';
import type { SourceClaims } from '../../src/source/resolve.ts';
import { gitArchive } from './git-archive.ts';
import { type Manifest, packageJsonReader } from './manifest.ts';
import type { PackageDocument, VersionDocument } from './registry/document.ts';
import type { StatedProvenance } from './provenance.ts';
import { otherRepositories } from './repository-history.ts';

/** More than any real address; what is longer is no claim but an attack on whoever handles it. */
const MOST_TEXT = 1_024;

/**
 * What the registry and the packed package.json say about the source. The registry's document comes first: of a file
 * that a user brings, the package.json may be the attacker's.
 */
export function sourceClaims(facts: {
  name: string;
  version: string;
  document: VersionDocument | null;
  packed: Manifest | null;
  provenance: StatedProvenance | null;
  archive: Archive;
  /** Every version of the package; null when the registry has none. */
  history: PackageDocument | null;
}): SourceClaims {
  const { archive, history, name, version, document, packed, provenance } = facts;
  const stated = document?.repository ?? packed?.repository ?? null;
  const url = plainText(stated?.url);
  const repository = url ?? plainText(provenance?.repository);
  return {
    name,
    version,
    repository,
    otherRepositories: history === null ? [] : otherRepositories({ document: history, version, repository }),
    directory: plainText(stated?.directory) ?? plainText(directoryInUrl(url ?? '')),
    commits: [...provenanceCommit(provenance), ...headCommit(document), ...archiveCommit(archive)],
    manifest: packageJsonReader,
  };
}

type ClaimedCommit = { readonly commit: string; readonly evidence: Evidence };

/** A full commit id. Git takes much else for a revision: `HEAD~1`, `:/words`, `@{upstream}`. */
const COMMIT = /^[0-9a-f]{40}$/;

function provenanceCommit(stated: StatedProvenance | null): readonly ClaimedCommit[] {
  if (stated?.commit == null || !COMMIT.test(stated.commit)) return [];
  const { workflow, assurance, commit } = stated;
  const named = workflow === null ? '' : ` of workflow ${workflow}`;
  const detail = `the registry's provenance statement${named} names it (${assurance})`;
  return [{ commit, evidence: { kind: 'provenance', detail } }];
}

function headCommit(document: VersionDocument | null): readonly ClaimedCommit[] {
  const commit = document?.gitHead?.toLowerCase();
  if (commit === undefined || !COMMIT.test(commit)) return [];
  return [{ commit, evidence: { kind: 'git-head', detail: 'the registry names it as gitHead' } }];
}

function archiveCommit(archive: Archive): readonly ClaimedCommit[] {
  const commit = gitArchive(archive)?.commit;
  if (commit === undefined) return [];
  return [
    { commit, evidence: { kind: 'git-archive', detail: 'the published tar names it, as git archive does' } },
  ];
}

/** A repository stated as a page, `https://host/owner/name/tree/<branch>/<directory>`, names a directory as well. */
function directoryInUrl(url: string): string | null {
  return /\/tree\/[^/]+\/([^?#]+)/.exec(url)?.[1]?.replace(/\/+$/, '') ?? null;
}

/** A text that a program can be given as an argument and a person can be shown; null when it is neither. */
function plainText(text: string | null | undefined): string | null {
  if (text == null || text.length > MOST_TEXT || /\p{Cc}/u.test(text)) return null;
  return text;
}
