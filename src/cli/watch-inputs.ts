import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { jobsOfPackages } from '../batch/begin.ts';
import type { InputEcosystem } from '../inputs/format.ts';
import type { Place, SelectedInputs } from '../model/inputs.ts';
import type { Sighting } from '../store/sightings.ts';
import type { Watched } from '../store/watches.ts';
import { nothingListed, readSelected } from './batch-inputs.ts';
import type { WatchOptions } from './watch-options.ts';

/** What a watch is about. */
export interface WatchList {
  readonly packages: readonly Watched[];
  /** Whether the files list a package with a version. */
  hasVersion(watched: Watched): boolean;
  /** What the files list with a version, as versions to verify. */
  listed(series: string, seenAt: Date): readonly Sighting[];
  /** Versions of a package, as versions to verify. */
  sightings(of: {
    readonly watched: Watched;
    readonly versions: readonly string[];
    readonly series: string;
    readonly kind: Sighting['kind'];
    readonly seenAt: Date;
  }): readonly Sighting[];
  /** Whether a file could not be read: then the list may be longer. */
  readonly isIncomplete: boolean;
}

/** Places of a package that are shown with a result of it. */
const MOST_PLACES = 20;

/**
 * Reads which packages to watch: those that the files list, with a version or without one.
 *
 * @throws ReproveError `usage` for paths that are not there, and when nothing is left
 */
export async function readWatchList(paths: readonly string[], options: WatchOptions): Promise<WatchList> {
  const { inputs, selected } = await readSelected(paths, options, 'left-out');
  const places = new Map<string, Place[]>();
  const packages = new Map<string, Watched>();
  for (const { ecosystem, name, place } of listedPackages(selected)) {
    const purl = ecosystem.purlOf(name, null);
    packages.set(purl, { package: purl, ecosystem: ecosystem.name, name });
    const known = places.get(purl) ?? [];
    if (known.length < MOST_PLACES) known.push(place);
    places.set(purl, known);
  }
  if (packages.size === 0) throw nothingListed(inputs);
  const versioned = new Set(selected.packages.map(({ subject }) => subject.name));
  return {
    hasVersion: ({ name }) => versioned.has(name),
    packages: [...packages.values()],
    isIncomplete: inputs.refused.length > 0,
    listed: (series, seenAt) =>
      jobsOfPackages(selected.packages).map((job) => ({
        ...job,
        series,
        kind: 'listed',
        seen_at: seenAt.toISOString(),
      })),
    sightings: ({ watched, versions, series, kind, seenAt }) => {
      const ecosystem = ecosystemCalled(watched.ecosystem);
      return versions.map((version) => ({
        series,
        kind,
        seen_at: seenAt.toISOString(),
        name: watched.name,
        version,
        expected: '[]',
        purl: ecosystem.purlOf(watched.name, version),
        places: JSON.stringify(places.get(watched.package) ?? []),
      }));
    },
  };
}

interface ListedPackage {
  readonly ecosystem: InputEcosystem;
  readonly name: string;
  readonly place: Place;
}

function listedPackages({ packages, leftOut }: SelectedInputs): readonly ListedPackage[] {
  const [first] = INPUT_ECOSYSTEMS;
  const versioned = packages.flatMap(({ subject, entries }) =>
    entries.map(({ place }) => ({
      ecosystem: ecosystemCalled(subject.ecosystem),
      name: subject.name,
      place,
    })),
  );
  // What is listed without a version says its name alone; only lists and SBOMs have such entries, of one ecosystem so far.
  const unversioned = leftOut.flatMap(({ reason, name, place }) =>
    reason === 'no-exact-version' && first?.isName(name) === true ? [{ ecosystem: first, name, place }] : [],
  );
  return [...versioned, ...unversioned];
}

/** What knows the packages of a purl type. */
export function ecosystemCalled(name: string): InputEcosystem {
  const found = INPUT_ECOSYSTEMS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no ecosystem ${name}.`);
  return found;
}
