import path from 'node:path';
import { messageOf } from '../errors.ts';
import type { InputEntry, Inputs, InputWarning, LeftOut, RefusedFile } from '../model/inputs.ts';
import { readDigest, strongestFirst } from '../published/integrity.ts';
import { findFiles, readInputFile, type InputPath } from './files.ts';
import { type InputEcosystem, type Listed, type ListedLeftOut, type Reading, Unreadable } from './format.ts';
import type { Unversioned } from './list.ts';
import { formatsOf, readText } from './read-text.ts';

export interface ReadOptions {
  /** Paths are relative to it, and are shown so. */
  readonly cwd: string;
  /** Of `builders/inputs.ts`: INPUT_ECOSYSTEMS. */
  readonly ecosystems: readonly InputEcosystem[];
  /** Default: `refused`. */
  readonly unversioned?: Unversioned;
}

/**
 * Reads lockfiles, SBOMs and lists of package versions; folders are walked for files of known names. What cannot be read
 * is a value (`refused`).
 *
 * @throws ReproveError `usage` for a path that is not there
 */
export async function readInputs(paths: readonly string[], options: ReadOptions): Promise<Inputs> {
  const all = { files: [], entries: [], leftOut: [], warnings: [], refused: [] } as {
    -readonly [Field in keyof Inputs]: Inputs[Field][number][];
  };
  for await (const one of inputPaths(paths, options)) {
    const { file, outcome } = readFile(one, options);
    if (!outcome.ok) {
      all.refused.push({ file, ...outcome.refused });
      continue;
    }
    const { reading } = outcome;
    const { entries, leftOut, format } = reading;
    all.files.push({ file, format, entries: entries.length, leftOut: leftOut.length });
    const completed = complete(file, reading, options.ecosystems);
    all.entries.push(...completed.entries);
    all.leftOut.push(...completed.leftOut);
    all.warnings.push(...completed.warnings);
  }
  return all;
}

export interface ReadFile {
  readonly file: string;
  readonly outcome:
    | { readonly ok: true; readonly reading: Reading }
    | { readonly ok: false; readonly refused: Omit<RefusedFile, 'file'> };
}

type Formats = Omit<ReadOptions, 'cwd'>;

/** The files that paths name, as `readInputs` finds them. */
export function inputPaths(paths: readonly string[], options: ReadOptions): AsyncGenerator<InputPath> {
  const fileNames = formatsOf(options.ecosystems, options.unversioned).flatMap((format) => format.fileNames);
  return findFiles(paths, { ...options, fileNames });
}

/** Reads one of them, before anything is looked up that takes time. */
export function readFile(one: InputPath, options: Formats): ReadFile {
  return { file: one.shown, outcome: outcomeOf(one, options) };
}

function outcomeOf(one: InputPath, { ecosystems, unversioned }: Formats): ReadFile['outcome'] {
  try {
    const input = readInputFile(
      one,
      ecosystems.map(({ manifestName }) => manifestName),
    );
    const formats = formatsOf(ecosystems, unversioned);
    const reading = readText({ fileName: path.basename(one.path), ...input }, formats);
    return { ok: true, reading };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, refused: { line: error.line, why: error.message } };
    if (error instanceof Error && 'code' in error)
      return { ok: false, refused: { line: null, why: `${messageOf(error)}.` } };
    throw error;
  }
}

/** With the place of each, and its digests read. */
export function complete(
  file: string,
  { entries, leftOut, warnings, locate }: Reading,
  ecosystems: readonly InputEcosystem[],
): Pick<Inputs, 'entries' | 'leftOut' | 'warnings'> {
  const unreadable: InputWarning[] = [];
  const placed = entries.map((one): InputEntry => {
    const { key, ecosystem, name, version, integrity, ...rest } = one;
    const place = { file, ...locate(key) };
    const digests = digestsIn(integrity);
    if (digests.unreadable) unreadable.push(warningOf(one, place));
    const purl = purlOf({ ecosystem, name, version }, ecosystems);
    return { ...rest, subject: { ecosystem, name, version, purl }, integrity: digests.read, place };
  });
  return {
    entries: placed,
    leftOut: leftOut.map((one) => placeLeftOut(one, { file, ...locate(one.key) })),
    warnings: [
      ...warnings.map(({ kind, message, key }) => ({ kind, message, file, line: locate(key).line })),
      ...unreadable,
    ],
  };
}

function placeLeftOut({ key: _key, integrity, ...rest }: ListedLeftOut, place: LeftOut['place']): LeftOut {
  return { ...rest, integrity: digestsIn(integrity).read, place };
}

/** Of a text with some digests that cannot be read the others count; whoever verifies learns of it. */
function digestsIn(integrity: string | null): {
  readonly read: readonly string[];
  readonly unreadable: boolean;
} {
  const parts = (integrity ?? '').split(/\s+/).filter((part) => part !== '');
  const read = parts.flatMap((part) => readDigest(part) ?? []);
  return { read: strongestFirst(new Set(read)), unreadable: read.length < parts.length };
}

function warningOf({ name, version, integrity }: Listed, { file, line }: LeftOut['place']): InputWarning {
  const shown = JSON.stringify((integrity ?? '').slice(0, 120));
  const message = `The integrity of ${name}@${version} has a digest that cannot be checked: ${shown}.`;
  return { kind: 'integrity-unreadable', message, file, line };
}

function purlOf(
  one: Pick<Listed, 'ecosystem' | 'name' | 'version'>,
  ecosystems: readonly InputEcosystem[],
): string {
  return ecosystems.find(({ name }) => name === one.ecosystem)?.purlOf(one.name, one.version) ?? '';
}
