import type { FormatName } from './format-names.ts';
import type { TextOptions } from './canvas.ts';
import type { ResultDocument } from './document.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** Writes a result in a format. Whatever came from outside cannot leave its place in it. */
type Renderer = (document: ResultDocument, options: TextOptions) => string;

/** Every format of a result. Only `text` looks at the options. */
export const FORMATS: Readonly<Record<FormatName, Renderer>> = {
  text: renderText,
  json: (document) => `${JSON.stringify(document, null, 2)}\n`,
  markdown: renderMarkdown,
  sarif: (document) => `${JSON.stringify(renderSarif(document), null, 2)}\n`,
  html: renderHtml,
};
