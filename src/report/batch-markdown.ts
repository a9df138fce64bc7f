import type { BatchReport } from './batch-report.ts';
import {
  batchHeadline,
  batchNext,
  changesByKind,
  countWords,
  isTold,
  percent,
  placeWords,
} from './batch-words.ts';
import { CHANGES } from './changes.ts';
import { comment, prose, span } from './markdown-text.ts';

const MOST_LINES = 40;
const MOST_HISTORY = 10;

/** A batch as GitHub Flavored Markdown that fits a pull-request comment. */
export function renderBatchMarkdown(report: BatchReport): string {
  const { counts, series } = report;
  const mark = counts.diverged > 0 ? '❌' : counts.reproduced === counts.total ? '✅' : '❔';
  return comment([
    `### ${mark} ${span(series)}`,
    prose(batchHeadline(report)),
    ...changeBlocks(report),
    ...linesBlock(report),
    ...reasonsBlock(report),
    ...historyBlock(report),
    `**Next:** ${prose(batchNext(report))}`,
  ]);
}

function changeBlocks(report: BatchReport): readonly string[] {
  return changesByKind(report).map(([kind, all]) => {
    const { title, severity } = CHANGES[kind];
    const head = `**${prose(title)}** (${severity}): ${all.length}`;
    if (!isTold(kind)) return head;
    const lines = all.slice(0, MOST_LINES).map((one) => item(one, one.message));
    return [head, '', ...lines, ...andMore(all.length - MOST_LINES)].join('\n');
  });
}

function linesBlock({ lines, leftOut }: BatchReport): readonly string[] {
  if (lines.length === 0) return [];
  const told = lines.slice(0, MOST_LINES).map((line) => {
    const word = line.verdict === 'failed' ? 'no verdict' : line.verdict;
    return item(line, `${line.severity}, ${word}: ${line.message}`);
  });
  const rest = lines.length - told.length + leftOut.lines;
  return [['**To look at**', '', ...told, ...andMore(rest)].join('\n')];
}

function item(
  one: Pick<BatchReport['lines'][number], 'name' | 'version' | 'places'>,
  message: string,
): string {
  const place = placeWords(one.places);
  return `- ${span(`${one.name}@${one.version}`)} ${prose(message)}${place === '' ? '' : ` (${span(place)})`}`;
}

function reasonsBlock({ reasons }: BatchReport): readonly string[] {
  if (reasons.length === 0) return [];
  const rows = reasons.map(({ reason, count }) => `| ${span(reason).replaceAll('|', '\\|')} | ${count} |`);
  return [['| why unverifiable | |', '| --- | ---: |', ...rows].join('\n')];
}

function historyBlock({ history }: BatchReport): readonly string[] {
  if (history.length < 2) return [];
  const rows = history
    .slice(-MOST_HISTORY)
    .map(
      ({ startedAt, counts }) => `| ${startedAt} | ${percent(counts)} | ${countWords(counts).join(', ')} |`,
    );
  return [['| batch | from source | |', '| --- | ---: | --- |', ...rows].join('\n')];
}

function andMore(count: number): readonly string[] {
  return count > 0 ? [`- ... and ${count} more`] : [];
}
