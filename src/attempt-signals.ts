import type { Published } from './ecosystem.ts';
import { signal } from './model/signals.ts';
import type { Source } from './model/source.ts';
import type { Signal } from './model/verdict.ts';
import { publishInstant } from './plan/instant.ts';
import type { Rebuild } from './rebuild.ts';
import { missingFilesSignal } from './source/missing-files.ts';
import { outsideCommitSignal } from './source/outside-commit.ts';

/** What one rebuild of a source tells beside its comparison. Pure. */
export function attemptSignals(attempt: {
  readonly published: Published;
  readonly rebuild: Rebuild;
  readonly source: Source;
}): readonly Signal[] {
  const { published, rebuild, source } = attempt;
  const instant = publishInstant({ registryTime: published.publishedAt, committedAt: source.committedAt });
  const all = [
    instant.signal,
    missingFilesSignal(source),
    outsideCommitSignal(source),
    repairedSignal(rebuild),
    standInSignal(rebuild),
    laterSignal(rebuild),
  ];
  return all.filter((one) => one !== null);
}

/** How many versions were let in that the registry's times hide. */
export function countHidden({ repairs, standIns }: Pick<Rebuild, 'repairs' | 'standIns'>): number {
  return repairs.length - standIns.length;
}

function repairedSignal(rebuild: Rebuild): Signal | null {
  const count = countHidden(rebuild);
  if (count === 0) return null;
  const message = `The registry's times hide versions that must have existed; ${count} were let in (see "attempts").`;
  return signal('registry-history-repaired', message);
}

const MOST_NAMED = 5;

function standInSignal({ standIns }: Rebuild): Signal | null {
  if (standIns.length === 0) return null;
  const named = standIns.slice(0, MOST_NAMED).join(' ');
  const rest = standIns.length - MOST_NAMED;
  const more = rest > 0 ? ` And ${rest} more (see "attempts").` : '';
  const message = `The build had other dependencies than its lockfile names. ${named}${more}`;
  return signal('lockfile-stand-ins', message);
}

function laterSignal({ materials }: Rebuild): Signal | null {
  const later = materials.filter((one) => one.afterCutoff);
  if (later.length === 0) return null;
  const named = later.slice(0, MOST_NAMED).map((one) => `${one.name}@${one.version}`);
  const more = later.length > MOST_NAMED ? ', ...' : '';
  const message = `${later.length} of ${materials.length} dependencies are dated after the publish time: ${named.join(', ')}${more}.`;
  return signal('later-dependencies', message);
}
