import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';
import { hasMatchingFiles, isLoose, isUnnamed, type SourceClaims } from './candidates.ts';
import type { Located } from './locate.ts';

/** What there is to say when evidence leads to several commits, or to none that states the version. */
export function evidenceSignals(claims: SourceClaims, located: readonly Located[]): readonly Signal[] {
  const signals: Signal[] = [];
  const claimed = located.filter(({ source }) => !isUnnamed(source.evidence));
  const firm = claimed.filter(({ source }) => !isLoose(source.evidence));
  if (firm.length > 1) {
    const all = firm.map(
      ({ source }) => `${source.commit.slice(0, 12)} (${source.evidence[0]?.detail ?? ''})`,
    );
    const message = `The evidence leads to ${firm.length} different commits: ${all.join('; ')}.`;
    signals.push(signal('source-evidence-disagrees', message));
  }
  const matching = located.find(({ source }) => hasMatchingFiles(source.evidence));
  if (matching !== undefined) {
    const { commit, evidence } = matching.source;
    const named = located.filter((one) => one !== matching).map(({ source }) => source.commit.slice(0, 12));
    const message = `What leads to ${named.join(' and ')} is not where the published files are: ${commit.slice(0, 12)} (${evidence[0]?.detail ?? ''}).`;
    signals.push(signal('source-evidence-disagrees', message));
  }
  if (!located.some((one) => one.version === claims.version)) {
    const message = `No candidate commit states version ${claims.version} in its ${claims.manifest.fileName}.`;
    signals.push(signal('version-not-in-source', message));
  }
  return signals;
}
