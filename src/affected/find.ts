import type { InputEcosystem, Listed, ListedLeftOut } from '../inputs/format.ts';
import type { InputPath } from '../inputs/files.ts';
import { complete, readFile } from '../inputs/read.ts';
import type { InputWarning, LeftOutReason, Place, RefusedFile } from '../model/inputs.ts';
import type { Advisory, BadVersions } from './bad-versions.ts';

/** One place at which a file holds a bad version. */
export interface Hit {
  readonly ecosystem: string;
  readonly name: string;
  /** Null when the file does not say, and every version is bad. */
  readonly version: string | null;
  readonly advisories: readonly Advisory[];
  readonly place: Place;
  /** Under which other name it is installed. */
  readonly alias: string | null;
  readonly dev: boolean | null;
  /** Null: the artifact of a registry; otherwise why it is none (it can be the bad version all the same). */
  readonly leftOut: LeftOutReason | null;
}

/** What one file holds. */
export interface FileSearch {
  readonly entries: number;
  readonly hits: readonly Hit[];
  /** Null when it could be read. */
  readonly refused: RefusedFile | null;
  readonly warnings: readonly InputWarning[];
}

/** What was looked through, and what was found. */
export interface Search {
  readonly files: number;
  readonly entries: number;
  readonly hits: readonly Hit[];
  readonly refused: readonly RefusedFile[];
  readonly warnings: readonly InputWarning[];
}

/** What stands for folders of the user's own: never what a registry served. */
const OWN: readonly LeftOutReason[] = ['workspace', 'link'];

/** Reads a file and looks for bad versions in what it lists; only what is found is looked up in detail. */
export function searchFile(
  input: InputPath,
  { bad, ecosystems }: { readonly bad: BadVersions; readonly ecosystems: readonly InputEcosystem[] },
): FileSearch {
  const { file, outcome } = readFile(input, { ecosystems });
  if (!outcome.ok) return { entries: 0, hits: [], refused: { file, ...outcome.refused }, warnings: [] };
  const { reading } = outcome;
  const found = matching(reading.entries, bad);
  const entries = found.map(([one]) => one);
  const { entries: placed, warnings } = complete(file, { ...reading, entries, leftOut: [] }, ecosystems);
  const listed = found.map(([one, advisories], index): Hit => {
    const { ecosystem, name, version, alias, dev } = one;
    const place = placed[index]?.place ?? { file, ...reading.locate(one.key) };
    return { ecosystem, name, version, advisories, place, alias, dev, leftOut: null };
  });
  const leftOut = leftOutMatching(reading.leftOut, bad, ecosystems).map(
    ([{ key, name, version, dev, reason }, ecosystem, advisories]): Hit => {
      const place = { file, ...reading.locate(key) };
      return { ecosystem, name, version, advisories, place, alias: null, dev, leftOut: reason };
    },
  );
  return {
    entries: reading.entries.length + reading.leftOut.length,
    hits: [...listed, ...leftOut],
    refused: null,
    warnings,
  };
}

/** What all files hold, in their order. */
export async function together(searches: AsyncIterable<FileSearch>): Promise<Search> {
  let files = 0;
  let entries = 0;
  const hits: Hit[] = [];
  const refused: RefusedFile[] = [];
  const warnings: InputWarning[] = [];
  for await (const one of searches) {
    if (one.refused === null) files += 1;
    else refused.push(one.refused);
    entries += one.entries;
    // Not all at once: a call takes no million arguments.
    for (const hit of one.hits) hits.push(hit);
    for (const warning of one.warnings) warnings.push(warning);
  }
  return { files, entries, hits, refused, warnings };
}

function matching(
  entries: readonly Listed[],
  bad: BadVersions,
): readonly (readonly [Listed, readonly Advisory[]])[] {
  const found: (readonly [Listed, readonly Advisory[]])[] = [];
  for (const one of entries) {
    const advisories = bad.matching(one.ecosystem, one.name, one.version);
    if (advisories.length > 0) found.push([one, advisories]);
  }
  return found;
}

/** A bundled or patched copy, or one from elsewhere, is as bad. Its ecosystem is not told: each is tried. */
function leftOutMatching(
  leftOut: readonly ListedLeftOut[],
  bad: BadVersions,
  ecosystems: readonly InputEcosystem[],
): readonly (readonly [ListedLeftOut, string, readonly Advisory[]])[] {
  return leftOut
    .filter(({ reason }) => !OWN.includes(reason) && reason !== 'other-ecosystem')
    .flatMap((one) =>
      ecosystems.flatMap(({ name: ecosystem }) => {
        const advisories = bad.matching(ecosystem, one.name, one.version);
        return advisories.length === 0 ? [] : [[one, ecosystem, advisories] as const];
      }),
    );
}
