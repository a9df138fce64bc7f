import type { Log, Result } from 'sarif';
import { visible } from '../published/visible.ts';
import { MOST_RESULTS, type Rule, SARIF_LEVELS, sarifLog, uriOf } from '../report/sarif-log.ts';
import { type AffectedDocument, exitCodeOf } from './document.ts';

const PAGE = 'docs/affected.md';
const KNOWN_BAD = {
  ruleId: 'known-bad-version',
  title: 'A version that is known to be bad',
  page: PAGE,
  severity: 'critical',
} as const satisfies Rule;
const UNREADABLE = {
  ruleId: 'file-unreadable',
  title: 'A file that cannot be read, so that nothing is known of it',
  page: PAGE,
  severity: 'medium',
} as const satisfies Rule;

/** What was found as one run of SARIF 2.1.0 (OASIS), each at its line of a lockfile. */
export function affectedSarif(document: AffectedDocument): Log {
  const results = [...document.affected.flatMap(resultsOf), ...document.refused.map(refusedResult)];
  return sarifLog({
    tool: document.tool,
    rules: [KNOWN_BAD, UNREADABLE],
    results: results.slice(0, MOST_RESULTS),
    rest: results.length - MOST_RESULTS,
    properties: { exitCode: exitCodeOf(document) },
  });
}

function resultsOf({
  purl,
  name,
  version,
  advisories,
  places,
}: AffectedDocument['affected'][number]): Result[] {
  const says = advisories.map(({ id, file, line }) => id ?? `${file}:${line}`).join(', ');
  return places.map(({ file, line, project, path }) => {
    const title = version === null ? name : `${name}@${version}`;
    const way = [...(project === '.' ? [] : [project]), ...path].join(' > ');
    return {
      ruleId: KNOWN_BAD.ruleId,
      level: SARIF_LEVELS[KNOWN_BAD.severity],
      message: { text: visible(`${title} is known to be bad (${says}). It is there by ${way}.`) },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } },
          logicalLocations: [{ fullyQualifiedName: purl, kind: 'package' }],
        },
      ],
      // Equal ones are taken for the same result; lines move.
      partialFingerprints: { 'reprove/v1': `${purl} ${file} ${way}` },
    };
  });
}

function refusedResult({ file, line, why }: AffectedDocument['refused'][number]): Result {
  return {
    ruleId: UNREADABLE.ruleId,
    level: SARIF_LEVELS[UNREADABLE.severity],
    message: { text: visible(why) },
    locations: [
      { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line ?? 1 } } },
    ],
    partialFingerprints: { 'reprove/v1': `${UNREADABLE.ruleId} ${file}` },
  };
}
