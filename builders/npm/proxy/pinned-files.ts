import { ReproveError } from '../../../src/errors.ts';
import type { AttestedMaterial, Pins, RefusedMaterial } from '../../../src/model/plan.ts';
import type { PackageDocument } from '../registry/document.ts';

/**
 * The files of an earlier rebuild, as its attestation names them. A replay is served these very bytes and no other file, so
 * that neither the registry nor what was published since can have a part in it.
 */
export class PinnedFiles {
  readonly #pins: Pins;
  readonly #files: ReadonlyMap<string, AttestedMaterial>;
  readonly #versions: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(pins: Pins) {
    this.#pins = pins;
    this.#files = new Map(pins.materials.map((one) => [keyOf(one.name, one.version), one]));
    const byName = Map.groupBy(pins.materials, ({ name }) => name);
    this.#versions = new Map(
      [...byName].map(([name, files]) => [name, new Set(files.map(({ version }) => version))]),
    );
  }

  /** Names and versions of all. */
  get versions(): readonly (readonly [name: string, version: string])[] {
    return this.#pins.materials.map(({ name, version }) => [name, version]);
  }

  /**
   * A package's document with nothing but the versions that were served. One of a package of which none was is left as it is:
   * an install looks at dependencies, such as those for other machines, that it does not fetch. Tells of each version that is
   * not there any more.
   *
   * @param document null where the registry does not know the package
   */
  only(name: string, document: PackageDocument | null): PackageDocument | null {
    const pinned = this.#versions.get(name);
    if (pinned === undefined) return document;
    for (const version of pinned) if (document?.versions.has(version) !== true) this.miss(name, version);
    if (document === null) return null;
    return {
      ...document,
      distTags: new Map([...document.distTags].filter(([, version]) => pinned.has(version))),
      versions: new Map([...document.versions].filter(([version]) => pinned.has(version))),
    };
  }

  /** Before a file is fetched. Throws ReproveError `registry-invalid` for one that the attestation does not name. */
  expect(name: string, version: string): void {
    if (this.#files.has(keyOf(name, version))) return;
    this.#refuse({ name, version, why: 'not-attested', attested: null, found: null });
  }

  /** Before a file is served. Throws ReproveError `registry-invalid` for other bytes than the attested ones. */
  admit({ name, version, sha512 }: AttestedMaterial): void {
    const attested = this.#files.get(keyOf(name, version))?.sha512 ?? null;
    if (attested === sha512) return;
    const why = attested === null ? 'not-attested' : 'other-bytes';
    this.#refuse({ name, version, why, attested, found: sha512 });
  }

  /** Tells of a file that the attestation names and that the registry has no longer. */
  miss(name: string, version: string): void {
    const attested = this.#files.get(keyOf(name, version))?.sha512 ?? null;
    if (attested !== null) this.#pins.onRefused({ name, version, why: 'gone', attested, found: null });
  }

  #refuse(refused: RefusedMaterial): never {
    this.#pins.onRefused(refused);
    const { name, version, attested, found } = refused;
    throw new ReproveError('registry-invalid', {
      what: `${name}@${version} is not served to this replay.`,
      why:
        attested === null
          ? 'The attestation does not name it among the files that were fetched.'
          : `Its sha512 is ${found ?? 'not known'}; attested is ${attested}.`,
      next: 'Find out why the two differ.',
    });
  }
}

function keyOf(name: string, version: string): string {
  return `${name}@${version}`;
}
