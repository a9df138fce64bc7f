import { SEVERITIES, worst } from '../model/verdict.ts';
import { algorithmOf, digestOfHex } from '../published/integrity.ts';
import type { ResultDocument } from '../report/document.ts';

/** The digests that a file of the user's has for an artifact, as Subresource Integrity strings, one of each algorithm. */
export type Expected = readonly string[];

/**
 * The result with a finding for each file of the user's that wants another artifact than the registry serves. Such a package is
 * never `reproduced`: whatever was judged, it is not what the user's file means. Digests of algorithms that are not computed here
 * are not compared. Pure.
 */
export function withExpected(document: ResultDocument, expected: readonly Expected[]): ResultDocument {
  const { digests } = document.subject;
  if (digests === null) return document;
  const findings = expected
    .filter((wanted) => !isWanted(digests, wanted))
    .map((wanted) => findingOf(digests, wanted));
  if (findings.length === 0) return document;
  const isReproduced = document.verdict === 'reproduced';
  return {
    ...document,
    verdict: isReproduced ? 'diverged' : document.verdict,
    level: isReproduced ? null : document.level,
    severity: worst([document.severity, ...findings.map(({ severity }) => severity)]),
    findings: [...findings, ...document.findings].toSorted(
      (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
    ),
  };
}

type Digests = NonNullable<ResultDocument['subject']['digests']>;

/** Every digest that can be compared must be right. */
function isWanted(digests: Digests, wanted: Expected): boolean {
  const served = Object.entries(digests).map(([algorithm, hex]) => digestOfHex(algorithm, hex));
  return wanted.every((one) => !Object.hasOwn(digests, algorithmOf(one)) || served.includes(one));
}

function findingOf(digests: Digests, wanted: Expected): ResultDocument['findings'][number] {
  const served = digestOfHex('sha512', digests.sha512) ?? '';
  return {
    kind: 'registry-serves-another-file',
    severity: 'critical',
    path: null,
    message: `The registry serves ${served}, but a file that lists this package wants ${wanted.join(' ')}.`,
    evidence: { expected: [...wanted], served: [served] },
  };
}
