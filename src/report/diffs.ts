import { type Sides, textDifference } from '../compare/text-diff.ts';
import type { Explained } from '../explain/explain-all.ts';
import type { Comparison } from '../model/comparison.ts';
import type { Finding } from '../model/verdict.ts';

/** Differences beyond these are named and not shown: a build that drifted changes every file. */
const MOST_SHOWN = 25;
const LINES_OF_CHANGE = 40;
const LINES_OF_NEW_FILE = 12;

/**
 * Findings about the content of a file, with the difference to read added to their evidence as `diff`, what the code of a
 * script does as `code`, and what differs in data as `data`.
 */
export function withDiffs(
  findings: readonly Finding[],
  comparison: Comparison,
  { explained, sides }: { readonly explained: ReadonlyMap<string, Explained>; readonly sides?: Sides },
): readonly Finding[] {
  let shown = 0;
  return findings.map((finding) => {
    const isContent = finding.kind === 'file-changed' || finding.kind === 'file-added';
    const difference = comparison.differences.find(
      (one) => one.path === finding.path && (one.kind === 'content' || one.kind === 'added'),
    );
    if (!isContent || difference === undefined || shown >= MOST_SHOWN) return finding;
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

/** The line of an offset in bytes, from 1. */
function lineAt(content: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = content.indexOf(LINE_FEED); at !== -1 && at < offset; at = content.indexOf(LINE_FEED, at + 1))
    line += 1;
  return line;
}

const LINE_FEED = 0x0a;
