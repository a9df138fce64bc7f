import { type InputEcosystem, type InputFormat, type InputText, type Reading, Unreadable } from './format.ts';
import { cycloneDx } from './cyclonedx.ts';
import { lineAt, parseJson } from './json.ts';
import { list, type Unversioned } from './list.ts';
import { spdx } from './spdx.ts';

/** Every format, the most particular first: lists are what is left. */
export function formatsOf(
  ecosystems: readonly InputEcosystem[],
  unversioned: Unversioned = 'refused',
): readonly InputFormat[] {
  return [
    ...ecosystems.flatMap(({ formats }) => formats),
    cycloneDx(ecosystems),
    spdx(ecosystems),
    list(ecosystems, unversioned),
  ];
}

/**
 * Reads a text as the first format that recognises it. By its content: names only help to find files.
 *
 * @throws Unreadable
 */
export function readText(input: Omit<InputText, 'json'>, formats: readonly InputFormat[]): Reading {
  refuseConflicts(input.text);
  const json = /^\s*\{/.test(input.text) ? parseJson(input.text) : null;
  const whole = { ...input, json };
  const format = formats.find((one) => one.recognises(whole));
  if (format === undefined) throw unknown(whole, formats);
  return format.read(whole);
}

/** What git leaves where two branches changed the same lines (git-merge(1), "how conflicts are presented"). */
function refuseConflicts(text: string): void {
  if (!text.includes('<<<<<<< ')) return;
  const before = /^<<<<<<< /m.exec(text);
  if (before === null) return;
  throw new Unreadable(
    'It has conflict markers of a merge: solve the conflict, and let the package manager write the file anew.',
    lineAt(text, before.index),
  );
}

function unknown({ text, json }: InputText, formats: readonly InputFormat[]): Unreadable {
  const found = json !== null ? 'JSON' : text.trim() === '' ? 'an empty file' : 'a text';
  const hint = /^\s*</.test(text) ? ' XML is not read: make the JSON form of it.' : '';
  const titles = formats.flatMap(({ title }) => (title === '' ? [] : [title]));
  return new Unreadable(`It is ${found} of no format that is known.${hint} Known are: ${titles.join('; ')}.`);
}
