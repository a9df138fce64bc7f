import type { Content } from '../model/artifact.ts';
import { textOf } from './utf8.ts';

const README = /(?:^|\/)README(?:\.(?:md|markdown|txt))?$/i;

/** Whether a path is one of a README for people, by its name. */
export function isReadmeName(path: string): boolean {
  return README.test(path);
}

/** Whether the published text is the rebuilt one with lines left out: every line of it stands there, in the same order. */
export function isShortened(published: Content, rebuilt: Content): boolean {
  if (published.length >= rebuilt.length) return false;
  const [ours, theirs] = [textOf(published.subarray()), textOf(rebuilt.subarray())];
  if (ours === null || theirs === null) return false;
  const left = ours.split('\n').toReversed();
  for (const line of theirs.split('\n')) if (left.at(-1) === line) left.pop();
  return left.length === 0;
}
