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
import { type Content, page, section, tag } from './markup.ts';

const MOST_LINES = 1_000;

/** A batch as one page without scripts, images or links. */
export function renderBatchHtml(report: BatchReport): string {
  const { series, counts, batch, tool } = report;
  const verdict =
    counts.diverged > 0 ? 'diverged' : counts.reproduced === counts.total ? 'reproduced' : 'unverifiable';
  return page(`reprove: ${series}`, [
    tag('header', { class: verdict }, [
      tag('p', { class: 'verdict' }, [percent(counts), ' ', tag('span', {}, 'come from their source')]),
      tag('h1', {}, series),
      tag('p', {}, batchHeadline(report)),
      tag('p', { class: 'next' }, batchNext(report)),
    ]),
    changesSection(report),
    linesSection(report),
    tableSection(
      'Why unverifiable',
      report.reasons.map(({ reason, count }) => [reason, String(count)]),
    ),
    tableSection(
      'Over time',
      report.history.map((point) => [
        point.startedAt,
        percent(point.counts),
        countWords(point.counts).join(', '),
      ]),
    ),
    tag('footer', {}, `${tool.name} ${tool.version}, batch ${batch.id} of ${batch.startedAt}`),
  ]);
}

function changesSection(report: BatchReport): Content {
  const groups = changesByKind(report).map(([kind, all]) => {
    const { title, severity } = CHANGES[kind];
    const lines = all.slice(0, MOST_LINES).map((one) => tag('li', {}, [named(one), ` ${one.message}`]));
    return tag('article', { class: severity }, [
      tag('h3', {}, [tag('span', { class: 'severity' }, severity), ` ${title}: ${all.length}`]),
      isTold(kind) ? tag('ul', {}, lines) : '',
      isTold(kind) ? andMore(all.length - MOST_LINES) : '',
    ]);
  });
  return section('What changed', groups);
}

function linesSection({ lines, leftOut }: BatchReport): Content {
  const told = lines
    .slice(0, MOST_LINES)
    .map((line) =>
      tag('article', { class: line.severity }, [
        tag('h3', {}, [tag('span', { class: 'severity' }, line.severity), ' ', named(line)]),
        tag('p', {}, `${line.verdict === 'failed' ? 'no verdict' : line.verdict}: ${line.message}`),
      ]),
    );
  const rest = lines.length - told.length + leftOut.lines;
  return section('To look at', told.length === 0 ? [] : [...told, andMore(rest)]);
}

function named(one: Pick<BatchReport['lines'][number], 'name' | 'version' | 'places'>): Content {
  const place = placeWords(one.places);
  return [
    tag('code', {}, `${one.name}@${one.version}`),
    place === '' ? '' : tag('span', { class: 'place' }, ` ${place}`),
  ];
}

function tableSection(heading: string, rows: readonly (readonly string[])[]): Content {
  if (rows.length === 0) return '';
  const body = rows.map((cells) =>
    tag(
      'tr',
      {},
      cells.map((text) => tag('td', {}, text)),
    ),
  );
  return section(heading, tag('table', { class: 'facts' }, body));
}

function andMore(count: number): Content {
  return count > 0 ? tag('p', {}, `... and ${count} more`) : '';
}
