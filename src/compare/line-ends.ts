import type { Content } from '../model/artifact.ts';
import { differenceAt } from '../model/content.ts';
import { textOf } from './utf8.ts';

const PROSE =
  /(?:^|\/)(?:[^/]+\.(?:md|markdown|txt)|(?:LICEN[CS]E|README|CHANGELOG|AUTHORS|NOTICE|HISTORY)(?:-\w+)?)$/i;

const CARRIAGE_RETURN = 0x0d;

/** Whether a path is one of a text for people, by its name. */
export function isProseName(path: string): boolean {
  return PROSE.test(path);
}

/** Whether two texts are the same but for line ends, and each has only one kind of them. */
export function sameButForLineEnds(published: Content, rebuilt: Content): boolean {
  if (!differAtLineEnd(published, rebuilt)) return false;
  const [ours, theirs] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  if (ours === null || theirs === null || !isUniform(ours) || !isUniform(theirs)) return false;
  return ours.replaceAll('\r\n', '\n') === theirs.replaceAll('\r\n', '\n');
}

/** Whether the first byte that differs can be that of a line end: large files that differ otherwise are not read whole. */
function differAtLineEnd(published: Content, rebuilt: Content): boolean {
  const at = differenceAt(published, rebuilt);
  return [published, rebuilt].some((side) => side.subarray(at, at + 1)[0] === CARRIAGE_RETURN);
}

function isUniform(text: string): boolean {
  const [windows, bare] = [/\r\n/.test(text), /(?<!\r)\n/.test(text)];
  return !(windows && bare) && !/\r(?!\n)/.test(text);
}
