import { kindOfNew } from '../batch/changes.ts';
import type { InputEcosystem } from '../inputs/format.ts';
import { SEVERITIES, type Severity } from '../model/verdict.ts';
import type { AlarmData } from '../notify/notification.ts';
import { CHANGES } from '../report/changes.ts';
import type { ResultDocument } from '../report/document.ts';
import { headline } from '../report/sentences.ts';
import type { KnownResult, Sighting } from '../store/sightings.ts';

/** What it takes to tell which version comes before another. */
export type VersionRules = Pick<InputEcosystem, 'compareVersions' | 'isPrerelease' | 'isVersion'>;

export type Alarm = Omit<AlarmData, 'tool'>;

/**
 * The version before another: of those that the store has a result of, the one that comes right below it. A prerelease comes
 * before prereleases only. Null when there is none. Pure.
 */
export function predecessorOf(
  version: string,
  results: readonly KnownResult[],
  rules: VersionRules,
): KnownResult | null {
  const isCandidate = (one: string) =>
    rules.isVersion(one) &&
    rules.compareVersions(one, version) < 0 &&
    (rules.isPrerelease(version) || !rules.isPrerelease(one));
  const below = results.filter((one) => isCandidate(one.version));
  return below.toSorted((a, b) => rules.compareVersions(b.version, a.version))[0] ?? null;
}

/**
 * The alarm that a result raises: it diverged, or nobody can say whether it is its source while that is known of the version
 * before it. Null when it raises none. Pure.
 */
export function alarmOf(
  sighting: Sighting,
  document: ResultDocument,
  predecessor: KnownResult | null,
): Alarm | null {
  const { verdict, reason, severity } = document;
  const reproduced = predecessor?.verdict === 'reproduced' ? predecessor : null;
  const kind = kindOfNew({ verdict }, reproduced);
  if (kind === null || !CHANGES[kind].isRegression || verdict === 'reproduced') return null;
  const { series, purl, name, version, seen_at: seenAt } = sighting;
  const is = reason === null ? verdict : `${verdict} (${reason.code})`;
  return {
    series,
    kind,
    purl,
    name,
    version,
    verdict,
    seenAt,
    severity: worse(CHANGES[kind].severity, severity),
    message:
      reproduced === null
        ? `${name}@${version} is ${is}.`
        : `${name}@${version} is ${is}; ${reproduced.version} before it was reproduced.`,
    reason: reason?.code ?? null,
    summary: headline(document),
    predecessor: predecessor === null ? null : { version: predecessor.version, verdict: predecessor.verdict },
  };
}

function worse(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b) ? a : b;
}
