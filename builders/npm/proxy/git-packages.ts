import { hash } from 'node:crypto';
import { type GitPackage, parsePlace, type GitPlace } from '../git/repositories.ts';
import type { Material } from './archive.ts';
import type { PinnedFiles } from './pinned-files.ts';

/** Brings what a place in a git repository holds; null when it cannot be had. */
export type PackPlace = (place: GitPlace) => Promise<GitPackage | null>;

/** Packages that lie in git repositories, and everything that was taken from them. */
export class GitPackages {
  readonly #allowed: ReadonlySet<string>;
  readonly #pack: PackPlace;
  readonly #cutoff: Date;
  readonly #pins: PinnedFiles | null;
  readonly #materials = new Map<string, Material>();

  /** @param options.places the only ones that are served (see `textOfPlace`) */
  constructor(options: {
    places: Iterable<string>;
    pack: PackPlace;
    cutoff: Date;
    pins: PinnedFiles | null;
  }) {
    this.#allowed = new Set(options.places);
    this.#pack = options.pack;
    this.#cutoff = options.cutoff;
    this.#pins = options.pins;
  }

  get materials(): readonly Material[] {
    return [...this.#materials.values()].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  }

  /** The package at a place, recorded as a material under the repository's URL; null for none that is allowed. */
  async package(place: string): Promise<Uint8Array | null> {
    const at = this.#allowed.has(place) ? parsePlace(place) : null;
    const packed = at === null ? null : await this.#pack(at);
    if (at === null || packed === null) return null;
    const sha512 = hash('sha512', packed.bytes);
    this.#pins?.admit({ name: at.repository.url, version: at.commit, sha512 });
    this.#materials.set(place, {
      name: at.repository.url,
      version: at.commit,
      integrity: `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`,
      sha512,
      size: packed.bytes.byteLength,
      // Its manifest is in the archive, which nobody has read.
      license: null,
      afterCutoff: Date.parse(packed.committedAt) > this.#cutoff.getTime(),
    });
    return packed.bytes;
  }
}
