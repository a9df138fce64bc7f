import type { Evidence } from '../../src/model/source.ts';
import type { SourceClaims } from '../../src/source/resolve.ts';
import { type Manifest, packageJsonReader } from './manifest.ts';
import type { ProvenanceHint } from './registry/attestations.ts';
import type { VersionDocument } from './registry/document.ts';

/**
 * What the registry and the packed package.json say about the source. The registry's document comes first: of a file
 * that a user brings, the package.json may be the attacker's.
 */
export function sourceClaims(facts: {
  name: string;
  version: string;
  document: VersionDocument | null;
  packed: Manifest | null;
  provenance: ProvenanceHint | null;
}): SourceClaims {
  const { name, version, document, packed, provenance } = facts;
  const stated = document?.repository ?? packed?.repository ?? null;
  return {
    name,
    version,
    repository: stated?.url ?? provenance?.repository ?? null,
    directory: stated?.directory ?? directoryInUrl(stated?.url ?? '') ?? null,
    commits: [...provenanceCommit(provenance), ...headCommit(document)],
    manifest: packageJsonReader,
  };
}

type ClaimedCommit = { readonly commit: string; readonly evidence: Evidence };

function provenanceCommit(hint: ProvenanceHint | null): readonly ClaimedCommit[] {
  if (hint?.commit == null) return [];
  const workflow = hint.workflow === null ? '' : ` of workflow ${hint.workflow}`;
  const detail = `the registry's provenance statement${workflow} names it (signature not checked)`;
  return [{ commit: hint.commit, evidence: { kind: 'provenance', detail } }];
}

function headCommit(document: VersionDocument | null): readonly ClaimedCommit[] {
  if (document?.gitHead == null) return [];
  return [
    { commit: document.gitHead, evidence: { kind: 'git-head', detail: 'the registry names it as gitHead' } },
  ];
}

/** A repository stated as a page, `https://host/owner/name/tree/<branch>/<directory>`, names a directory as well. */
function directoryInUrl(url: string): string | null {
  return /\/tree\/[^/]+\/([^?#]+)/.exec(url)?.[1]?.replace(/\/+$/, '') ?? null;
}
