import type { Content } from '../model/artifact.ts';
import { textOf } from './utf8.ts';

const README = /(?:^|\/)README(?:\.(?:md|markdown|txt))?$/i;

/** Whether a path is one of a README for people, by its name. */
export function isReadmeName(path: string): boolean {
  return README.test(path);
}

/**
 * Whether the manifest names a file of this name anywhere but in its list of files: a README that is a program, or that a script
 * reads, is not only for people. A manifest that cannot be read may name anything.
 */
export function isNamedIn(manifest: Content | null, path: string): boolean {
  if (manifest === null) return false;
  const fields = fieldsOf(textOf(manifest.subarray()));
  if (fields === null) return true;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return JSON.stringify({ ...fields, files: [], readme: '' })
    .toLowerCase()
    .includes(name);
}

function fieldsOf(text: string | null): object | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
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
