import type { Published } from '../ecosystem.ts';
import type { Explained } from '../explain/explain-all.ts';
import type { Comparison, Origin } from '../model/comparison.ts';
import { type Finding, worst } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import { VERSION } from '../version.ts';
import { subjectOf } from './assemble.ts';
import { bounded } from './bounds.ts';
import { withDiffs } from './diffs.ts';
import type { CompareDocument } from './document.ts';

/** Differences that are shown: whoever compares two files wants to read them. */
const MOST_DIFFS = 2_000;

/** What is the same on both sides comes from the other one; there is no commit here. */
const ORIGINS = {
  verbatim: 'same',
  rebuilt: 'same',
  normalized: 'normalized',
  unexplained: 'different',
} as const satisfies Record<Origin, string>;

/** The document of a comparison of two artifacts. */
export function comparedDocument(options: {
  readonly from: Published;
  readonly to: Published;
  readonly comparison: Comparison;
  /** Whether nothing differs, and nothing hides beside what is equal. */
  readonly isSame: boolean;
  readonly findings: readonly Finding[];
  readonly explained: ReadonlyMap<string, Explained>;
}): CompareDocument {
  const { from, to, comparison, isSame, findings, explained } = options;
  const [a, b] = [from, to].map(({ subject }) => visible(`${subject.name}@${subject.version}`));
  const sides = { from: a ?? '', to: b ?? '' };
  const origins = Object.entries(comparison.origins).map(
    ([path, origin]) => [path, ORIGINS[origin]] as const,
  );
  const counts = { same: 0, normalized: 0, different: 0 };
  for (const [, origin] of origins) counts[origin] += 1;
  const listed = bounded({ findings, origins, normalizers: comparison.normalizers });
  return {
    schemaVersion: 1,
    tool: { name: 'reprove', version: VERSION },
    base: subjectOf(from),
    subject: subjectOf(to),
    verdict: isSame ? 'same' : 'different',
    level: isSame ? comparison.level : null,
    severity: worst(findings.map(({ severity }) => severity)),
    comparison: {
      entries: {
        total: origins.length,
        ...counts,
      },
      origins: Object.fromEntries(listed.origins),
      normalizers: [...listed.normalizers],
      wrapping: [...comparison.wrapping],
    },
    findings: [...withDiffs(listed.findings, comparison, { explained, sides, most: MOST_DIFFS })],
    leftOut: listed.leftOut,
    signals: [...to.signals],
  };
}
