import npa from 'npm-package-arg';
import semver from 'semver';
import type { PackageDocument, RawVersion } from '../registry/document.ts';

/** A range that something which existed at the cutoff asks for. */
export interface KnownRange {
  readonly range: string;
  /** `name@version`, or `the package itself`. */
  readonly wantedBy: string;
}

/** Which ranges are asked of each package, by everything that is known to have existed. */
export class RangeIndex {
  readonly #ranges = new Map<string, Map<string, string>>();
  readonly #seen = new Set<string>();

  /** Adds one range as written in a manifest; what no registry could answer (git, files, URLs, tags) is left out. */
  add(name: string, written: string, wantedBy: string): void {
    const target = registryTarget(name, written);
    if (target === null) return;
    const ranges = this.#ranges.get(target.name) ?? new Map<string, string>();
    if (!ranges.has(target.range)) ranges.set(target.range, wantedBy);
    this.#ranges.set(target.name, ranges);
  }

  /** Adds the dependencies of versions that are kept. Peers are left out: theirs may well name the future. */
  addVersions(document: PackageDocument, versions: Iterable<string>): void {
    for (const version of versions) {
      const id = `${document.name}@${version}`;
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      const raw = document.versions.get(version);
      for (const [name, range] of rangesOf(raw)) this.add(name, range, id);
    }
  }

  /** Every range known for a package. */
  on(name: string): readonly KnownRange[] {
    return [...(this.#ranges.get(name) ?? [])].map(([range, wantedBy]) => ({ range, wantedBy }));
  }
}

function rangesOf(raw: RawVersion | undefined): readonly (readonly [name: string, range: string])[] {
  const tables = [raw?.['dependencies'], raw?.['optionalDependencies']];
  return tables
    .flatMap((table) => (typeof table === 'object' && table !== null ? Object.entries(table) : []))
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string');
}

function registryTarget(
  name: string,
  written: string,
): { readonly name: string; readonly range: string } | null {
  const direct = semver.validRange(written, { loose: true });
  if (direct !== null) return { name, range: direct };
  if (!written.startsWith('npm:')) return null;
  try {
    // `"x": "npm:y@range"`: the registry is asked for y.
    const aliased = npa(written.slice('npm:'.length));
    const range = aliased.type === 'tag' ? null : semver.validRange(aliased.fetchSpec ?? '', { loose: true });
    return aliased.name === null || range === null ? null : { name: aliased.name, range };
  } catch {
    return null;
  }
}
