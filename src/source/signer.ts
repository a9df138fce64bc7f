import { signal } from '../model/signals.ts';
import type { ProvenanceSigner } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';
import type { CertifiedSigner } from '../sigstore/verify-bundle.ts';
import { isSameRepository, parseRepositoryUrl } from './repository-url.ts';

/**
 * Whether the workflow that signed the provenance is one of the repository whose commit was rebuilt. A provenance that
 * holds proves where the file was built: that this is the place that the package names is what gives it a meaning.
 *
 * @param repository the source's, or the stated one where no source was found; null when there is neither
 */
export function signerSignals(signer: ProvenanceSigner | null, repository: string | null): readonly Signal[] {
  const used = repository === null ? null : parseRepositoryUrl(repository);
  if (signer === null || used === null) return [];
  const signed = parseRepositoryUrl(signer.repository);
  if (signed !== null && isSameRepository(signed, used)) return [];
  const message = `The provenance was signed by ${signer.workflow} for ${signer.repository}; the source is ${used.url}.`;
  return [signal('provenance-identity-differs', message)];
}

/** Fulcio's object identifiers, last number (sigstore/fulcio, docs/oid-info.md); those below 8 are of before 2023. */
const CLAIMS = { oldCommit: 3, oldRepository: 5, repository: 12, commit: 13 } as const;

/** The workflow of a repository that a certificate was given to; null for anybody else. */
export function workflowSigner({
  subject,
  claims,
}: Pick<CertifiedSigner, 'subject' | 'claims'>): ProvenanceSigner | null {
  const old = claims.get(CLAIMS.oldRepository);
  const repository =
    claims.get(CLAIMS.repository) ?? (old === undefined ? undefined : `https://github.com/${old}`);
  if (repository === undefined || subject === null) return null;
  const commit = claims.get(CLAIMS.commit) ?? claims.get(CLAIMS.oldCommit) ?? '';
  return { repository, commit: /^[0-9a-f]{40}$/.test(commit) ? commit : null, workflow: subject };
}

/**
 * Where a provenance says something else than the certificate: whoever runs a workflow writes the one, not the other.
 *
 * @returns one sentence, or null
 */
export function disagreementOf(
  signer: ProvenanceSigner,
  stated: { readonly repository: string | null; readonly commit: string | null } | null,
): string | null {
  if (stated?.repository != null) {
    const [said, certified] = [parseRepositoryUrl(stated.repository), parseRepositoryUrl(signer.repository)];
    if (said === null || certified === null || !isSameRepository(said, certified))
      return `It says that it was built from ${stated.repository}, and was signed by a workflow of ${signer.repository}.`;
  }
  if (stated?.commit == null || signer.commit === null || stated.commit === signer.commit) return null;
  return `It says that it was built from commit ${stated.commit}, and was signed by a workflow at ${signer.commit}.`;
}
