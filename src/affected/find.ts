import type { InputEcosystem, Listed, ListedLeftOut } from '../inputs/format.ts';
import { complete, type ReadFile } from '../inputs/read.ts';
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

/** Looks for bad versions in what files list; only what is found is looked up in detail. */
export async function findAffected(
  readings: AsyncIterable<ReadFile>,
  { bad, ecosystems }: { readonly bad: BadVersions; readonly ecosystems: readonly InputEcosystem[] },
): Promise<Search> {
  let files = 0;
  let entries = 0;
  const hits: Hit[] = [];
  const refused: RefusedFile[] = [];
  const warnings: InputWarning[] = [];
  for await (const { file, outcome } of readings) {
    if (!outcome.ok) {
      refused.push({ file, ...outcome.refused });
      continue;
    }
    const { reading } = outcome;
    files += 1;
    entries += reading.entries.length + reading.leftOut.length;
    const found = {
      entries: matching(reading.entries, bad),
      leftOut: leftOutMatching(reading.leftOut, bad, ecosystems),
    };
    const places = complete(
      file,
      { ...reading, entries: found.entries.map(([one]) => one), leftOut: [] },
      ecosystems,
    );
    warnings.push(...places.warnings);
    for (const [index, [one, advisories]] of found.entries.entries()) {
      const { ecosystem, name, version, alias, dev } = one;
      const place = places.entries[index]?.place ?? { file, ...reading.locate(one.key) };
      hits.push({ ecosystem, name, version, advisories, place, alias, dev, leftOut: null });
    }
    for (const [{ key, name, version, dev, reason }, ecosystem, advisories] of found.leftOut) {
      const place = { file, ...reading.locate(key) };
      hits.push({ ecosystem, name, version, advisories, place, alias: null, dev, leftOut: reason });
    }
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
