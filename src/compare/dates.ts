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

export interface FoundDate {
  readonly text: string;
  /** Where in the text it begins and ends, UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly form: number;
}

/** Two dates at one place. */
export interface DatePair {
  readonly ours: FoundDate;
  readonly theirs: FoundDate;
}

/** The dates of two texts, in order, where the texts are the same but for these; null where they are not, or have none. */
export function datePairs(ours: string, theirs: string): readonly DatePair[] | null {
  if (ours.includes(NUL) || theirs.includes(NUL)) return null;
  const [ourDates, theirDates] = [datesIn(ours), datesIn(theirs)];
  if (ourDates.length === 0 || between(ours, ourDates) !== between(theirs, theirDates)) return null;
  return ourDates.flatMap((one, index) => {
    const other = theirDates[index];
    return other === undefined ? [] : [{ ours: one, theirs: other }];
  });
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
