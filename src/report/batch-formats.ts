import { renderBatchHtml } from './batch-html.ts';
import { renderBatchMarkdown } from './batch-markdown.ts';
import type { BatchReport } from './batch-report.ts';
import { renderBatchSarif } from './batch-sarif.ts';
import { renderBatchText } from './batch-text.ts';
import type { TextOptions } from './canvas.ts';
import type { FormatName } from './format-names.ts';
import { jsonText } from './json-text.ts';

/** Every format of a batch. Only `text` looks at the options. */
export const BATCH_FORMATS: Readonly<
  Record<FormatName, (report: BatchReport, options: TextOptions) => string>
> = {
  text: renderBatchText,
  json: (report) => jsonText({ schemaVersion: 1, ...report }),
  markdown: renderBatchMarkdown,
  sarif: (report) => jsonText(renderBatchSarif(report)),
  html: renderBatchHtml,
};
