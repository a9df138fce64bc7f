import type { Log, Result } from 'sarif';
import { visible } from '../published/visible.ts';
import { SARIF_SCHEMA, uriOf } from '../report/sarif.ts';
import { type AffectedDocument, exitCodeOf } from './document.ts';

/** Viewers take no more of a run. */
const MOST_RESULTS = 25_000;
const RULE = 'affected/known-bad-version';
const REFUSED_RULE = 'affected/file-unreadable';

/** What was found as one run of SARIF 2.1.0 (OASIS), each at its line of a lockfile. */
export function affectedSarif(document: AffectedDocument): Log {
  const results = [...document.affected.flatMap(resultsOf), ...document.refused.map(refusedResult)];
  const rest = results.length - MOST_RESULTS;
  const text = `${rest} more results are not listed here; the JSON document has all.`;
  return {
    $schema: SARIF_SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: document.tool.name,
            semanticVersion: document.tool.version,
            rules: [
              ruleOf(RULE, 'A version that is known to be bad', '9.5'),
              ruleOf(REFUSED_RULE, 'A file that cannot be read, so that nothing is known of it', '3.0'),
            ],
          },
        },
        results: results.slice(0, MOST_RESULTS),
        ...(rest > 0 && {
          invocations: [
            {
              executionSuccessful: true,
              toolExecutionNotifications: [{ level: 'warning', message: { text } }],
            },
          ],
        }),
        columnKind: 'utf16CodeUnits',
        properties: { exitCode: exitCodeOf(document) },
      },
    ],
  };
}

function ruleOf(id: string, title: string, score: string) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: `${title}.` },
    help: { text: 'See docs/affected.md of reprove.' },
    properties: { 'security-severity': score, tags: ['security', 'supply-chain'] },
  };
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
      ruleId: RULE,
      level: 'error',
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
    ruleId: REFUSED_RULE,
    level: 'warning',
    message: { text: visible(why) },
    locations: [
      { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line ?? 1 } } },
    ],
    partialFingerprints: { 'reprove/v1': `${REFUSED_RULE} ${file}` },
  };
}
