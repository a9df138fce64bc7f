import { compare } from './compare/compare.ts';
import type { Ecosystem, NotPublished, Published } from './ecosystem.ts';
import { explainAll } from './explain/explain-all.ts';
import { differenceFindings, wrappingFinding, type Words } from './judge/difference-findings.ts';
import { anomalyFinding, byImportance } from './judge/findings.ts';
import type { Comparison } from './model/comparison.ts';
import type { Source } from './model/source.ts';
import { comparedDocument } from './report/compared.ts';
import type { CompareDocument } from './report/document.ts';

/** A comparison, or the side that is not to be had. */
export type Compared =
  | { readonly ok: true; readonly document: CompareDocument }
  | { readonly ok: false; readonly missing: NotPublished };

/** How differences between two artifacts are told. */
const OF_VERSIONS: Words = {
  'file-added': 'A file that only the second one has',
  'file-missing': 'A file that only the first one has',
  'file-changed': 'A file with other bytes',
  'mode-changed': 'A file with other permissions',
  'type-changed': 'An entry of another type',
};

/** No commit: nothing is explained by one. */
const NO_SOURCE: Source = {
  repository: '',
  commit: '',
  ref: null,
  directory: '.',
  committedAt: '',
  evidence: [],
  tree: [],
};

/**
 * Compares two artifacts as a verification compares the published with the rebuilt one. Nothing is rebuilt, and nothing of
 * either is run.
 *
 * @param base what is trusted, or older: a package version, a purl or a file
 * @param subject what is looked at
 * @throws ReproveError when a spec or the registry is unusable
 */
export async function compareArtifacts(
  { base, subject }: { readonly base: string; readonly subject: string },
  ecosystem: Ecosystem,
): Promise<Compared> {
  const [first, second] = await Promise.all([ecosystem.published(base), ecosystem.published(subject)]);
  if (!first.ok) return { ok: false, missing: first.value };
  if (!second.ok) return { ok: false, missing: second.value };
  const [from, to] = [first.value, second.value];
  const comparison = compare({
    published: to.artifact,
    rebuilt: { bytes: from.artifact.bytes, archive: from.artifact.archive },
    source: NO_SOURCE,
    made: { packer: from.artifact.fileName, gzip: '' },
  });
  const findings = findingsOf({ comparison, from, to, ecosystem });
  const explained = await explainAll(comparison.differences);
  return { ok: true, document: comparedDocument({ from, to, comparison, findings, explained }) };
}

function findingsOf(options: {
  readonly comparison: Comparison;
  readonly from: Published;
  readonly to: Published;
  readonly ecosystem: Ecosystem;
}) {
  const { comparison, from, to, ecosystem } = options;
  const wrapping = wrappingFinding(comparison);
  return [
    ...differenceFindings(comparison, ecosystem.roles(to), OF_VERSIONS),
    ...ecosystem.findings({ published: to, rebuilt: from.artifact.archive }),
    ...to.artifact.archive.anomalies.map((one) => anomalyFinding(one, comparison.level)),
    ...(wrapping === null ? [] : [wrapping]),
  ].toSorted(byImportance);
}
