import { visible } from '../published/visible.ts';
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
import { type Block, type Canvas, canvasOf, joined, labelled, oneLine, type TextOptions } from './canvas.ts';
import { CHANGES } from './changes.ts';
import { wrap } from './wrap.ts';

const MOST_LINES = 50;
const MOST_HISTORY = 8;

/** A batch for a person: how it came out, what changed, what to look at, and how it goes. */
export function renderBatchText(report: BatchReport, options: TextOptions): string {
  const canvas = canvasOf(options);
  const blocks = [headBlock, changesBlock, linesBlock, reasonsBlock, historyBlock, nextBlock];
  return joined(blocks.map((block) => block(report, canvas)));
}

function headBlock(report: BatchReport, { style, width }: Canvas): Block {
  const { batch, previous, series } = report;
  const when = batch.endedAt === null ? 'not at its end' : `ended ${batch.endedAt}`;
  const since = previous === null ? 'the first of its series' : `compared with that of ${previous.startedAt}`;
  return [
    `${style.bold(`BATCH ${visible(series)}`)}  ${when}, ${since}`,
    ...wrap(oneLine(batchHeadline(report)), width - 2).map((line) => `  ${line}`),
  ];
}

function changesBlock(report: BatchReport, { style }: Canvas): Block {
  const { changes, leftOut } = report;
  if (changes.length === 0) return [];
  const lines = changesByKind(report).flatMap(([kind, all]) => {
    const { title, severity } = CHANGES[kind];
    const head = `  ${style.severity(severity, title)}: ${all.length}`;
    if (!isTold(kind)) return [head];
    const told = all
      .slice(0, MOST_LINES)
      .map((one) => `    ${nameOf(one)}  ${oneLine(one.message)}${at(one.places)}`);
    return [head, ...told, ...andMore(all.length - MOST_LINES)];
  });
  return [style.bold('What changed'), ...lines, ...andMore(leftOut.changes)];
}

function linesBlock({ lines, leftOut }: BatchReport, { style }: Canvas): Block {
  if (lines.length === 0) return [];
  const told = lines.slice(0, MOST_LINES).map((line) => {
    const word = line.verdict === 'failed' ? 'no verdict' : line.verdict;
    const about = `${line.severity.toUpperCase().padEnd(8)} ${word}`;
    return `  ${style.severity(line.severity, about)}  ${nameOf(line)}  ${oneLine(line.message)}${at(line.places)}`;
  });
  return [style.bold('To look at'), ...told, ...andMore(lines.length - told.length + leftOut.lines)];
}

function reasonsBlock({ reasons }: BatchReport, { style }: Canvas): Block {
  if (reasons.length === 0) return [];
  return [
    style.bold('Why unverifiable'),
    ...reasons.map(({ reason, count }) => `  ${String(count).padStart(6)}  ${visible(reason)}`),
  ];
}

function historyBlock({ history }: BatchReport, { style }: Canvas): Block {
  if (history.length < 2) return [];
  const points = history
    .slice(-MOST_HISTORY)
    .map(
      ({ startedAt, counts }) =>
        `  ${startedAt}  ${percent(counts).padStart(7)}  ${countWords(counts).join(', ')}`,
    );
  return [style.bold('Over time'), ...points];
}

function nextBlock(report: BatchReport, canvas: Canvas): Block {
  return labelled('next', batchNext(report), canvas);
}

function nameOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return visible(`${name}@${version}`);
}

function at(places: BatchReport['lines'][number]['places']): string {
  const words = placeWords(places);
  return words === '' ? '' : `  (${visible(words)})`;
}

function andMore(count: number): Block {
  return count > 0 ? [`    ... and ${count} more`] : [];
}
