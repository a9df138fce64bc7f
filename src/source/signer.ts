import { signal } from '../model/signals.ts';
import type { ProvenanceSigner } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';
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
