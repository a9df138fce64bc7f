import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';
import type { SourceClaims } from './candidates.ts';
import type { RepositoryUrl } from './repository-url.ts';

/** Says which claimed commits the repository does not have. */
export function ghostSignals(url: RepositoryUrl, unheld: SourceClaims['commits']): readonly Signal[] {
  return unheld.map(({ commit, evidence }) => {
    const message = `No branch and no tag of ${url.url} holds commit ${commit} (${evidence.detail}); it was not used.`;
    return signal('commit-on-no-branch', message);
  });
}
