import { visible } from '../published/visible.ts';
import { abilitiesOf, changesToRead, dataLinesOf, diffOf, ranked } from './facts.ts';
import { comment, longestRun, prose, span } from './markdown-text.ts';
import type { Report } from './report.ts';

const MARKS = { reproduced: '✅', diverged: '❌', unverifiable: '❔', same: '🟰', different: '↔️' } as const;
const MOST_FINDINGS = 20;
const MOST_SIGNALS = 10;
const MOST_SHOWN = 5;

/**
 * The result as GitHub Flavored Markdown that fits a pull-request comment. What came from outside stands in code spans and
 * fenced blocks, where nothing is markup, a mention or a link.
 */
export function renderMarkdown(report: Report): string {
  const { verdict, title, asides } = report;
  const blocks = [
    `### ${MARKS[verdict]} ${verdict}: ${span(title)} (${asides.join(', ')})`,
    prose(report.headline),
    ...findingBlocks(report),
    ...signalBlock(report),
    ...factsBlock(report),
    `**Next:** ${prose(report.next)}`,
  ];
  return comment(blocks);
}

function findingBlocks({ findings, leftOut }: Report): readonly string[] {
  const all = ranked(findings);
  const blocks = all.slice(0, MOST_FINDINGS).map((finding, index) => {
    const lines = [
      `- **${finding.severity}** ${span(finding.kind)} ${prose(finding.message)}`,
      ...abilitiesOf([finding]).map(([words, details]) => `  - ⚠️ ${words}: ${span(details)}`),
      ...dataLinesOf(finding).map((line) => `  - ${span(line)}`),
    ];
    const shown = index < MOST_SHOWN ? shownCode(finding) : [];
    return [...lines, ...(shown.length > 0 ? [indented(fence(shown))] : [])].join('\n');
  });
  const rest = all.length + leftOut.findings - MOST_FINDINGS;
  return rest > 0 ? [...blocks, `... and ${rest} more.`] : blocks;
}

function shownCode(finding: Report['findings'][number]): readonly string[] {
  const changes = changesToRead(finding);
  if (changes.length === 0) return diffOf(finding);
  return changes.slice(0, MOST_SHOWN).flatMap((change) => {
    const mark = change.kind === 'removed' ? '-' : '+';
    return [`@@ ${change.kind} at byte ${change.offset}, line ${change.line} @@`, `${mark} ${change.code}`];
  });
}

function signalBlock({ signals }: Report): readonly string[] {
  if (signals.length === 0) return [];
  const lines = signals
    .slice(0, MOST_SIGNALS)
    .map(({ kind, message }) => `- ${span(kind)} ${prose(message)}`);
  return [['**Beside it:**', '', ...lines].join('\n')];
}

function factsBlock(report: Report): readonly string[] {
  const rows = report.facts.map(([label, text]) => `| ${label} | ${span(text).replaceAll('|', '\\|')} |`);
  if (rows.length === 0) return [];
  return [
    [
      '<details><summary>How it was verified</summary>',
      '',
      '| | |',
      '| --- | --- |',
      ...rows,
      '',
      '</details>',
    ].join('\n'),
  ];
}

function fence(lines: readonly string[]): string {
  const body = lines.map((line) => visible(line)).join('\n');
  const ticks = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return `${ticks}diff\n${body}\n${ticks}`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
