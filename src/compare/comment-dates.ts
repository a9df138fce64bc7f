import type { Content } from '../model/artifact.ts';
import { MAX_SCRIPT_BYTES, parseScript } from './script.ts';
import { textOf } from './utf8.ts';

/** A build ends shortly before it is published; zones that are not written add up to a day. */
const MAX_APART_MS = 48 * 3_600_000;

const DAY = '(?:mon|tue|wed|thu|fri|sat|sun)';
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';
const TIME = '\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,6})?)?';
const ZONE = '(?: ?(?:z|utc|gmt)?(?:[+-]\\d{2}:?\\d{2})?)';
/** What `Date` and the common formatters write. */
const FORMS = [
  `\\d{4}-\\d{2}-\\d{2}(?:[t ]${TIME}${ZONE})?`,
  `(?:${DAY},? )?\\d{1,2} ${MONTH} \\d{4}(?:,? ${TIME}${ZONE})?`,
  `(?:${DAY},? )?${MONTH} \\d{1,2},? \\d{4}(?:,? ${TIME}${ZONE})?`,
  `\\d{1,4}/\\d{1,2}/\\d{1,4}(?:,? ${TIME}(?: [ap]m)?)?`,
] as const;
const DATE = new RegExp(
  `(?<![\\w./-])(?:${FORMS.map((form) => `(${form})`).join('|')})(?![\\w/-]|\\.\\w)`,
  'gi',
);

/** Stands for a date; a text that has it is left alone. */
const NUL = '\0';

interface FoundDate {
  readonly text: string;
  /** Where in the text it begins and ends, UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly form: number;
}

/**
 * Whether two scripts are the same text but for dates in comments, each at most two days from the other side's. It holds
 * back wherever what is a comment could depend on the reader.
 *
 * @param path tells the language
 */
export function sameButForCommentDates(published: Content, rebuilt: Content, path: string): boolean {
  if (published.length > MAX_SCRIPT_BYTES || rebuilt.length > MAX_SCRIPT_BYTES) return false;
  const [ours, theirs] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  if (ours === null || theirs === null || ours.includes(NUL) || theirs.includes(NUL)) return false;
  const [ourDates, theirDates] = [datesIn(ours), datesIn(theirs)];
  if (ourDates.length === 0 || between(ours, ourDates) !== between(theirs, theirDates)) return false;
  const changed = ourDates.filter((date, index) => date.text !== theirDates[index]?.text);
  const areClose = ourDates.every((date, index) => isClose(date.text, theirDates[index]?.text ?? ''));
  const comments = (areClose ? parseScript(ours, path) : null)?.comments ?? [];
  return changed.every(({ start, end }) =>
    comments.some((one) => (one.start ?? start) < start && end <= (one.end ?? 0)),
  );
}

function datesIn(text: string): readonly FoundDate[] {
  return [...text.matchAll(DATE)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
    form: match.slice(1).findIndex((group) => group !== undefined),
  }));
}

/** Everything but the dates, and of these the forms. */
function between(text: string, dates: readonly FoundDate[]): string {
  let end = 0;
  const parts = dates.map((date) => {
    const before = text.slice(end, date.start);
    end = date.end;
    return `${before}${NUL}${date.form}`;
  });
  return parts.join('') + text.slice(end);
}

function isClose(ours: string, theirs: string): boolean {
  return ours === theirs || Math.abs(Date.parse(ours) - Date.parse(theirs)) <= MAX_APART_MS;
}
