import { compare } from './compare/compare.ts';
import type { Ecosystem, NotPublished } from './ecosystem.ts';
import { explainAll, startExplaining } from './explain/explain-all.ts';
import { worstFirst } from './explain/worst-first.ts';
import type { Words } from './judge/difference-findings.ts';
import { judge } from './judge/judge.ts';
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

/** Scripts; the time for all of them is bounded as well. */
const MOST_EXPLAINED = 2_000;

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
    rebuilt: from.artifact,
    source: NO_SOURCE,
    made: { packer: from.artifact.fileName, gzip: '' },
  });
  const thread = startExplaining(comparison.differences);
  const { findings, verdict } = judge({
    comparison,
    failure: null,
    anomalies: to.artifact.archive.anomalies,
    roles: ecosystem.roles(to),
    ecosystemFindings: ecosystem.findings({ published: to, rebuilt: from.artifact.archive }),
    signals: to.signals,
    rebuilt: from.artifact.archive,
    words: OF_VERSIONS,
  });
  const explained = await explainAll(worstFirst(comparison.differences, findings), {
    most: MOST_EXPLAINED,
    thread,
  });
  // The very same file is the same, whatever else is to be said of it.
  const isSame = comparison.level === 'bytes' || verdict === 'reproduced';
  return { ok: true, document: comparedDocument({ from, to, comparison, isSame, findings, explained }) };
}
