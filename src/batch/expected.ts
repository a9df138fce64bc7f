import ssri from 'ssri';
import { SEVERITIES, worst } from '../model/verdict.ts';
import type { ResultDocument } from '../report/document.ts';

/** The digests that one file of the user's has for an artifact, as Subresource Integrity strings. */
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
    .filter((wanted) => wanted.length > 0 && !isWanted(digests, wanted))
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

/** Of every algorithm that was computed, one of the digests must be right; where there are several, each is accepted by package managers. */
function isWanted(digests: Digests, wanted: Expected): boolean {
  const hashes = wanted.flatMap((one) => Object.values(ssri.parse(one) ?? {}).flat());
  const known = hashes.filter(({ algorithm }) => Object.hasOwn(digests, algorithm));
  const right = known.filter(
    ({ algorithm, digest }) =>
      Buffer.from(digest, 'base64').toString('hex') === digests[algorithm as keyof Digests],
  );
  return known.every(({ algorithm }) => right.some((hash) => hash.algorithm === algorithm));
}

function findingOf(digests: Digests, wanted: Expected): ResultDocument['findings'][number] {
  const served = ssri.fromHex(digests.sha512, 'sha512').toString();
  return {
    kind: 'registry-serves-another-file',
    severity: 'critical',
    path: null,
    message: `The registry serves ${served}, but a file that lists this package wants ${wanted.join(' ')}.`,
    evidence: { expected: [...wanted], served: [served] },
  };
}
