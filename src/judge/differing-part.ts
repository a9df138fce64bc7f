import type { Content } from '../model/artifact.ts';
import { differenceAt, partOf, sameLengthAtEnd } from '../model/content.ts';
import { isBetweenWords } from './pieces.ts';

/** Bytes in which a place to cut is looked for. */
const NEAR = 64 * 1024;

/** What is left of two contents without what both begin and end with. */
export interface DifferingPart {
  readonly published: Content;
  readonly rebuilt: Content;
  /** Where either part begins in its content, bytes. */
  readonly start: number;
}

/**
 * The parts of two contents in which they differ, cut only between words: what one side has more often than the other in the
 * parts, it has more often in the whole, and the other way round. Pure.
 */
export function differingPart(published: Content, rebuilt: Content): DifferingPart {
  const start = cutBefore(published, differenceAt(published, rebuilt));
  const most = Math.min(published.length, rebuilt.length) - start;
  const same = sameLengthAtEnd(published, rebuilt, most);
  const end = cutAfter(published, published.length - same);
  const endOfRebuilt = end - published.length + rebuilt.length;
  return {
    published: partOf(published, start, end),
    rebuilt: partOf(rebuilt, start, endOfRebuilt),
    start,
  };
}

/** The last place before an offset at which a content may be cut; its beginning where there is none near. */
function cutBefore(content: Content, offset: number): number {
  const from = Math.max(0, offset - NEAR);
  const last = content.subarray(from, offset).findLastIndex(isBetweenWords);
  return last === -1 ? 0 : from + last + 1;
}

/** The first place after an offset at which a content may be cut; its end where there is none near. */
function cutAfter(content: Content, offset: number): number {
  const first = content.subarray(offset, Math.min(offset + NEAR, content.length)).findIndex(isBetweenWords);
  return first === -1 ? content.length : offset + first + 1;
}
