import type { TextOptions } from './canvas.ts';
import type { FormatName } from './format-names.ts';
import { renderHtml } from './html.ts';
import { jsonText } from './json-text.ts';
import { renderMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** What is printed: a document, and what a person is shown of it. */
export interface Printed {
  readonly document: object;
  readonly report: Report;
}

/** Writes it in a format. Whatever came from outside cannot leave its place in it. */
type Renderer = (printed: Printed, options: TextOptions) => string;

/** Every format of a result. Only `text` looks at the options. */
export const FORMATS: Readonly<Record<FormatName, Renderer>> = {
  text: ({ report }, options) => renderText(report, options),
  json: ({ document }) => jsonText(document),
  markdown: ({ report }) => renderMarkdown(report),
  sarif: ({ report }) => jsonText(renderSarif(report)),
  html: ({ report }) => renderHtml(report),
};
