import { styleText } from 'node:util';
import type { Severity, Verdict } from '../model/verdict.ts';

type Format = Parameters<typeof styleText>[0];

/** How a word is drawn; a plain style leaves every text as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  verdict(verdict: Outcome, text: string): string;
  severity(severity: Severity, text: string): string;
  added(text: string): string;
  removed(text: string): string;
}

/** A verdict, or what a comparison says in its place. */
export type Outcome = Verdict | 'same' | 'different';

const OUTCOMES = {
  reproduced: 'green',
  diverged: 'red',
  unverifiable: 'yellow',
  same: 'green',
  different: 'yellow',
} as const satisfies Record<Outcome, Format>;

const SEVERITY_FORMATS = {
  none: 'dim',
  info: 'dim',
  low: 'cyan',
  medium: 'yellow',
  high: 'red',
  critical: 'magenta',
} as const satisfies Record<Severity, Format>;

/** @param color whether the place that shows it understands ANSI colours */
export function styleFor(color: boolean): Style {
  const draw = (format: Format, text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: (text) => draw('bold', text),
    dim: (text) => draw('dim', text),
    verdict: (verdict, text) => draw(OUTCOMES[verdict], draw('bold', text)),
    severity: (severity, text) => draw(SEVERITY_FORMATS[severity], text),
    added: (text) => draw('green', text),
    removed: (text) => draw('red', text),
  };
}
