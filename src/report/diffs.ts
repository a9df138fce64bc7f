import { type Sides, textDifference } from '../compare/text-diff.ts';
import type { Explained } from '../explain/explain-all.ts';
import type { Comparison } from '../model/comparison.ts';
import { lineAt } from '../model/content.ts';
import type { Finding } from '../model/verdict.ts';

/** Differences beyond these are named and not shown: a build that drifted changes every file. */
const MOST_SHOWN = 25;
const LINES_OF_CHANGE = 40;
const LINES_OF_NEW_FILE = 12;

export interface DiffOptions {
  readonly explained: ReadonlyMap<string, Explained>;
  readonly sides?: Sides;
  /** How many differences are shown, from the first on; default 25. */
  readonly most?: number;
}

/**
 * Findings about the content of a file, with the difference to read added to their evidence as `diff`, what the code of a
 * script does as `code`, and what differs in data as `data`.
 */
export function withDiffs(
  findings: readonly Finding[],
  comparison: Comparison,
  { explained, sides, most = MOST_SHOWN }: DiffOptions,
): readonly Finding[] {
  let shown = 0;
  // The first of each path.
  const differences = new Map(
    comparison.differences
      .filter(({ kind }) => kind === 'content' || kind === 'added')
      .map((one) => [one.path, one] as const)
      .toReversed(),
  );
  return findings.map((finding) => {
    const isContent = finding.kind === 'file-changed' || finding.kind === 'file-added';
    const difference = isContent ? differences.get(finding.path ?? '') : undefined;
    if (difference === undefined || shown >= most) return finding;
    shown += 1;
    const { text, offset } = textDifference({
      published: difference.published?.content ?? null,
      rebuilt: difference.rebuilt?.content ?? null,
      ...(sides !== undefined && { sides }),
      maxLines: difference.kind === 'added' ? LINES_OF_NEW_FILE : LINES_OF_CHANGE,
    });
    const code = explained.get(difference.path);
    const evidence = {
      ...finding.evidence,
      offset,
      line: lineAt(difference.published?.content ?? new Uint8Array(), offset),
      diff: text.split('\n'),
      ...(code !== undefined && ('data' in code ? code : { code })),
    };
    return { ...finding, evidence };
  });
}
