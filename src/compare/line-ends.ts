import { textOf } from './utf8.ts';

const PROSE =
  /(?:^|\/)(?:[^/]+\.(?:md|markdown|txt)|(?:LICEN[CS]E|README|CHANGELOG|AUTHORS|NOTICE|HISTORY)(?:-\w+)?)$/i;

/** Whether a path is one of a text for people, by its name. */
export function isProseName(path: string): boolean {
  return PROSE.test(path);
}

/** Whether two texts are the same but for line ends, and each has only one kind of them. */
export function sameButForLineEnds(published: Uint8Array, rebuilt: Uint8Array): boolean {
  const [ours, theirs] = [textOf(published), textOf(rebuilt)];
  if (ours === null || theirs === null || !isUniform(ours) || !isUniform(theirs)) return false;
  return ours.replaceAll('\r\n', '\n') === theirs.replaceAll('\r\n', '\n');
}

function isUniform(text: string): boolean {
  const [windows, bare] = [/\r\n/.test(text), /(?<!\r)\n/.test(text)];
  return !(windows && bare) && !/\r(?!\n)/.test(text);
}
