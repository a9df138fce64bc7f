import type { InputEcosystem } from '../inputs/format.ts';

/** Who says that something is bad. */
export interface Advisory {
  /** Its identifier, for example `MAL-2025-1234`; null for a line of a list. */
  readonly id: string | null;
  /** One line; null when it gives none. */
  readonly summary: string | null;
  /** The file that it stands in. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One change along the versions in their order: from it on they are bad, or no longer are. */
export interface RangeEvent {
  /** Null: before every version. */
  readonly version: string | null;
  readonly kind: 'introduced' | 'fixed' | 'last-affected';
}

/** Which versions of one package are bad. */
export type Extent =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'range'; readonly events: readonly RangeEvent[] }
  | { readonly kind: 'every' };

interface Named {
  readonly exact: Map<string, Advisory[]>;
  readonly ranges: { readonly events: readonly RangeEvent[]; readonly advisory: Advisory }[];
  readonly every: Advisory[];
}

/** All of them as plain data, for another thread. */
export interface BadVersionsData {
  readonly byPackage: Map<string, Named>;
  readonly extents: number;
}

/** Versions known to be bad, by package. */
export class BadVersions {
  readonly #ecosystems: ReadonlyMap<string, InputEcosystem>;
  readonly #byPackage: Map<string, Named>;
  #extents: number;

  constructor(
    ecosystems: readonly InputEcosystem[],
    { byPackage, extents }: BadVersionsData = { byPackage: new Map(), extents: 0 },
  ) {
    this.#ecosystems = new Map(ecosystems.map((one) => [one.name, one]));
    this.#byPackage = byPackage;
    this.#extents = extents;
  }

  get data(): BadVersionsData {
    return { byPackage: this.#byPackage, extents: this.#extents };
  }

  /** How many packages have bad versions. */
  get packages(): number {
    return this.#byPackage.size;
  }

  /** How many versions and ranges of versions there are. */
  get extents(): number {
    return this.#extents;
  }

  add(ecosystem: InputEcosystem, name: string, extent: Extent, advisory: Advisory): void {
    const key = keyOf(ecosystem.name, name);
    const named: Named = this.#byPackage.get(key) ?? { exact: new Map(), ranges: [], every: [] };
    this.#byPackage.set(key, named);
    this.#extents += 1;
    if (extent.kind === 'every') named.every.push(advisory);
    else if (extent.kind === 'range') {
      named.ranges.push({ events: sorted(extent.events, ecosystem), advisory });
    } else {
      const version = withoutBuild(extent.version);
      named.exact.set(version, [...(named.exact.get(version) ?? []), advisory]);
    }
  }

  /** What says that a version is bad; a version that is not told is only bad when every one is. */
  matching(ecosystem: string, name: string, version: string | null): readonly Advisory[] {
    const named = this.#byPackage.get(keyOf(ecosystem, name));
    if (named === undefined) return [];
    const rules = this.#ecosystems.get(ecosystem);
    if (version === null || rules === undefined || !rules.isVersion(version)) return named.every;
    const inRange = named.ranges.filter(({ events }) => isWithin(version, events, rules));
    const found = [
      ...named.every,
      ...(named.exact.get(withoutBuild(version)) ?? []),
      ...inRange.map(({ advisory }) => advisory),
    ];
    return [...new Set(found)];
  }
}

function keyOf(ecosystem: string, name: string): string {
  return `${ecosystem} ${name}`;
}

/** https://semver.org, 10: build metadata makes no other version. */
function withoutBuild(version: string): string {
  return version.split('+', 1)[0] ?? version;
}

function sorted(events: readonly RangeEvent[], { compareVersions }: InputEcosystem): readonly RangeEvent[] {
  // In doubt a version is bad: at one version what makes it bad comes last.
  const last = (event: RangeEvent) => Number(event.kind === 'introduced');
  return [...events].sort((a, b) => {
    if (a.version === null || b.version === null)
      return Number(b.version === null) - Number(a.version === null);
    return compareVersions(a.version, b.version) || last(a) - last(b);
  });
}

/** https://ossf.github.io/osv-schema/, "evaluation". */
function isWithin(
  version: string,
  events: readonly RangeEvent[],
  { compareVersions }: InputEcosystem,
): boolean {
  let bad = false;
  for (const { version: at, kind } of events) {
    const order = at === null ? 1 : compareVersions(version, at);
    if (kind === 'introduced' && order >= 0) bad = true;
    if (kind === 'fixed' && order >= 0) bad = false;
    if (kind === 'last-affected' && order > 0) bad = false;
  }
  return bad;
}
