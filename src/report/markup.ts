import { createHash } from 'node:crypto';
import { visible } from '../published/visible.ts';
import { HTML_STYLE } from './html-style.ts';

/** Markup that is safe to put into a page. */
export interface Markup {
  readonly markup: string;
}
export type Content = string | Markup | readonly Content[];

/**
 * A page without scripts. What came from outside is text and nothing else; should that ever fail, the page's policy (CSP level 3)
 * allows no script, no request and no style but ours.
 */
export function page(title: string, body: Content): string {
  const digest = createHash('sha256').update(HTML_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
    tag('title', {}, title).markup,
    `<style>${HTML_STYLE}</style></head><body>`,
    markupOf(body),
    '</body></html>\n',
  ].join('\n');
}

/** A part with a heading; nothing when it is empty. */
export function section(heading: string, content: Content): Content {
  const isEmpty = Array.isArray(content) && content.length === 0;
  return isEmpty ? '' : tag('section', {}, [tag('h2', {}, heading), content]);
}

/** An element; its text and its attributes are escaped. */
export function tag(name: string, attributes: Readonly<Record<string, string>>, content: Content): Markup {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return { markup: `<${name}${all.join('')}>${markupOf(content)}</${name}>` };
}

function markupOf(content: Content): string {
  if (typeof content === 'string') return escaped(content);
  return 'markup' in content ? content.markup : content.map((one) => markupOf(one)).join('');
}

/** Text as HTML (WHATWG HTML, 13.3), with invisible and control characters made visible. */
function escaped(text: string): string {
  return visible(text, { keepLines: true }).replaceAll(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
