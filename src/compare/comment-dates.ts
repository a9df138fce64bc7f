import type { Content } from '../model/artifact.ts';
import { type DatePair, datePairs } from './dates.ts';
import { MAX_SCRIPT_BYTES, parseScript } from './script.ts';
import { textOf } from './utf8.ts';

/** A build ends shortly before it is published; zones that are not written add up to a day. */
const MAX_APART_MS = 48 * 3_600_000;

/**
 * Whether two scripts are the same text but for dates in comments, each at most two days from the other side's. It holds
 * back wherever what is a comment could depend on the reader.
 *
 * @param path tells the language
 */
export function sameButForCommentDates(published: Content, rebuilt: Content, path: string): boolean {
  if (published.length > MAX_SCRIPT_BYTES || rebuilt.length > MAX_SCRIPT_BYTES) return false;
  const [ours, theirs] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  const pairs = ours === null || theirs === null ? null : datePairs(ours, theirs);
  if (ours === null || pairs === null || !pairs.every(areClose)) return false;
  const comments = parseScript(ours, path)?.comments ?? [];
  return pairs
    .filter((pair) => pair.ours.text !== pair.theirs.text)
    .every(({ ours: { start, end } }) =>
      comments.some((one) => (one.start ?? start) < start && end <= (one.end ?? 0)),
    );
}

function areClose({ ours: { text }, theirs }: DatePair): boolean {
  return text === theirs.text || Math.abs(Date.parse(text) - Date.parse(theirs.text)) <= MAX_APART_MS;
}
