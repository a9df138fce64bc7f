import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, ReproveError } from '../errors.ts';
import { readInputFile } from '../inputs/files.ts';
import { type InputEcosystem, Unreadable } from '../inputs/format.ts';
import { parseJson } from '../inputs/json.ts';
import { linesIn } from '../inputs/list.ts';
import { BadVersions } from './bad-versions.ts';
import { addOsv, isOsv, type NotTaken } from './osv.ts';

export interface BadList extends NotTaken {
  readonly bad: BadVersions;
  /** How many files it was read from. */
  readonly files: number;
}

/**
 * Reads lists of bad versions: plain ones, advisories in the OSV format, and folders of the latter.
 *
 * @throws ReproveError `usage` when any of it cannot be read: what it says would be missed
 */
export async function readBadList(
  paths: readonly string[],
  options: { readonly cwd: string; readonly ecosystems: readonly InputEcosystem[] },
): Promise<BadList> {
  const bad = new BadVersions(options.ecosystems);
  let files = 0;
  let withdrawn = 0;
  let otherEcosystems = 0;
  for (const shown of paths) {
    for await (const file of filesOf(path.resolve(options.cwd, shown), shown)) {
      const notTaken = addFile(file, { bad, ecosystems: options.ecosystems });
      files += 1;
      withdrawn += notTaken.withdrawn;
      otherEcosystems += notTaken.otherEcosystems;
    }
  }
  if (bad.packages === 0) throw empty(paths, { withdrawn, otherEcosystems });
  return { bad, files, withdrawn, otherEcosystems };
}

interface ListFile {
  readonly path: string;
  readonly shown: string;
}

/** A file, or every `.json` below a folder. */
async function* filesOf(absolute: string, shown: string): AsyncGenerator<ListFile> {
  const isFolder = await stat(absolute).then(
    (info) => info.isDirectory(),
    (error: unknown) => {
      throw unusable(shown, `${messageOf(error)}.`);
    },
  );
  if (!isFolder) {
    yield { path: absolute, shown };
    return;
  }
  for (const entry of await readdir(absolute, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
    const file = path.join(entry.parentPath, entry.name);
    yield { path: file, shown: path.join(shown, path.relative(absolute, file)) };
  }
}

interface Into {
  readonly bad: BadVersions;
  readonly ecosystems: readonly InputEcosystem[];
}

function addFile({ path: file, shown }: ListFile, into: Into): NotTaken {
  try {
    const { text } = readInputFile({ path: file, shown }, []);
    return addText(text, shown, into);
  } catch (error) {
    if (error instanceof Unreadable) throw unusable(atLine(shown, error.line), error.message);
    if (error instanceof Error && 'code' in error) throw unusable(shown, `${messageOf(error)}.`);
    throw error;
  }
}

function addText(text: string, shown: string, into: Into): NotTaken {
  if (/^\s*[[{]/.test(text)) {
    const json = parseJson(text);
    if (!isOsv(json.value)) throw new Unreadable('It is JSON, and not of the OSV format.');
    return addOsv(json, shown, into);
  }
  for (const { ecosystem, name, version, line } of linesIn(text, into.ecosystems)) {
    const extent = version === null ? ({ kind: 'every' } as const) : ({ kind: 'version', version } as const);
    into.bad.add(ecosystem, name, extent, { id: null, summary: null, file: shown, line });
  }
  return { withdrawn: 0, otherEcosystems: 0 };
}

function atLine(shown: string, line: number | null): string {
  return line === null ? shown : `${shown}:${line}`;
}

function unusable(where: string, why: string): ReproveError {
  return new ReproveError('usage', {
    what: `The list of bad versions cannot be used: ${where}.`,
    why,
    next: 'Correct it; docs/affected.md says what such a list can be. Nothing was looked for.',
  });
}

function empty(paths: readonly string[], { withdrawn, otherEcosystems }: NotTaken): ReproveError {
  return unusable(
    paths.join(', '),
    `It names no version of a known ecosystem (withdrawn: ${withdrawn}; of other ecosystems: ${otherEcosystems}).`,
  );
}
