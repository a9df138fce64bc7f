import semver, { type SemVer } from 'semver';
import { ReproveError } from '../../../src/errors.ts';
import type { RegistryClient } from '../registry/client.ts';
import {
  versionOf,
  type PackageDocument,
  type RawVersion,
  type VersionDocument,
} from '../registry/document.ts';
import { hexOf } from '../registry/integrity.ts';
import { licenseIn } from '../manifest-fields.ts';
import { emptyPackage } from './empty-package.ts';
import { likeliest } from './likeliest.ts';
import { isOfOtherSystem } from './platform.ts';
import { RangeIndex } from './range-index.ts';
import type { PinnedFiles } from './pinned-files.ts';
import { type Subject, withoutSubject } from './subject.ts';
import { snapshot, type Snapshot, type TimeDiagnosis } from './time-doctor.ts';

/** One artifact that was served: an input of the build. */
export interface Material {
  readonly name: string;
  readonly version: string;
  /** sha512 Subresource Integrity string of the bytes served. */
  readonly integrity: string;
  /** The same, lowercase hex. */
  readonly sha512: string;
  /** Bytes. */
  readonly size: number;
  /** As its manifest states it; null when it does not. */
  readonly license: string | null;
  /** Only a lockfile or a repair can have asked for it: as far as the times go, it is younger than the cutoff. */
  readonly afterCutoff: boolean;
}

/** A version shown although the times hide it, or one that stands in for another that is gone: `idle` where neither is installed. */
export interface Repair {
  readonly kind: 'hidden' | 'stand-in' | 'idle-stand-in';
  readonly name: string;
  readonly version: string;
  readonly range: string;
  readonly reason: string;
}

/** What was found out about the times of one package whose times cannot be publish times. */
export interface TimeReport extends TimeDiagnosis {
  readonly name: string;
  /** Versions shown because a higher one of their line is older. */
  readonly inferred: number;
  readonly hidden: number;
}

export interface ArchiveOptions {
  readonly client: RegistryClient;
  readonly cutoff: Date;
  /** Ranges of the package to build itself, as in its manifest. */
  readonly wanted: Iterable<readonly [name: string, range: string]>;
  /** Exact versions of a lockfile, shown whatever the registry's times say. */
  readonly locked: Iterable<readonly [name: string, version: string]>;
  /** What is being verified: neither it nor its bytes nor anything of its package's future is served. */
  readonly subject: Subject | null;
  /** The only files that are served; null for any. */
  readonly pins: PinnedFiles | null;
  /** The exact version of Node that runs what is installed; null when it is not known. */
  readonly node: string | null;
  /** Whether something may be served in place of a version that the registry does not have. */
  readonly standIns: boolean;
}

/** Documents held in memory; more are read again from the cache on disk. */
const MAX_DOCUMENTS = 64;

/** A registry as it was at one instant, and everything that was taken from it. */
export class RegistryArchive {
  readonly #client: RegistryClient;
  readonly #cutoff: Date;
  readonly #subject: ArchiveOptions['subject'];
  readonly #index = new RangeIndex();
  readonly #allowed = new Map<string, Set<string>>();
  readonly #documents = new Map<string, Promise<PackageDocument | null>>();
  readonly #refreshed = new Set<string>();
  readonly #materials = new Map<string, Material>();
  readonly #repairs: Repair[] = [];
  readonly #node: string | null;
  readonly #standIns: boolean;
  readonly #pins: PinnedFiles | null;
  readonly #reports = new Map<string, TimeReport>();

  constructor({ client, cutoff, wanted, locked, pins, subject, node, standIns }: ArchiveOptions) {
    this.#node = node;
    this.#standIns = standIns;
    this.#pins = pins;
    this.#client = client;
    this.#cutoff = cutoff;
    this.#subject = subject;
    for (const [name, version] of [...locked, ...(pins?.versions ?? [])]) this.#allowedOf(name).add(version);
    for (const [name, range] of wanted) this.#index.add(name, range, 'the package itself');
  }

  get materials(): readonly Material[] {
    return [...this.#materials.values()].sort(
      (a, b) => compare(a.name, b.name) || compareVersions(a.version, b.version),
    );
  }

  get repairs(): readonly Repair[] {
    return this.#repairs;
  }

  get timeReports(): readonly TimeReport[] {
    return [...this.#reports.values()].sort((a, b) => compare(a.name, b.name));
  }

  /** A package as it was; null when the registry does not have it. */
  async packageAt(
    name: string,
  ): Promise<{ readonly document: PackageDocument; readonly past: Snapshot } | null> {
    const document = await this.#document(name);
    if (document === null) return null;
    const past = this.#repaired(document);
    this.#index.addVersions(document, past.kept.keys());
    if (!past.diagnosis.trusted)
      this.#reports.set(name, {
        name,
        ...past.diagnosis,
        inferred: past.inferred.length,
        hidden: past.hidden,
      });
    return { document, past };
  }

  /**
   * Any version that exists, at the cutoff or not: a lockfile is the authority on exact versions (but for those of the
   * subject's package). Null when there is no such version.
   */
  async exactVersion(name: string, version: string): Promise<RawVersion | null> {
    return (await this.#withVersion(name, version))?.versions.get(version) ?? null;
  }

  /**
   * The artifact of an exact version, checked and recorded as a material; null when there is no such version. Where
   * something may stand in, it is the nearest neighbour of a version that is gone, else an empty package; both are
   * recorded as repairs. A lockfile's digest fits neither.
   * Throws ReproveError `registry-invalid` when it is gone, has not the digests that the registry gives, or is the very
   * artifact that is being verified.
   */
  async artifact(name: string, file: string): Promise<Uint8Array | null> {
    const version = await this.#versionOfFile(name, file);
    const document = version === null ? null : await this.#withVersion(name, version);
    if (version === null) return null;
    if (document === null) return this.#standIn(name, version);
    const found = versionOf(document, version) ?? this.#neighbour(document, version);
    if (found === null) return this.#standIn(name, version);
    this.#pins?.expect(name, found.version);
    const result = await this.#client.artifact(found);
    const subject = `${name}@${found.version}`;
    if (result.kind === 'missing') {
      this.#pins?.miss(name, found.version);
      throw wrong(subject, 'The registry lists it but no longer has its artifact.');
    }
    if (result.kind === 'integrity-mismatch')
      throw wrong(subject, `Its artifact should be ${result.expected} but is ${result.actual}.`);
    if (result.kind === 'unchecked') throw wrong(subject, 'The registry gives no digest for its artifact.');
    const sha512 = hexOf(result.integrity);
    // Checked on the bytes: neither a name nor what a document claims can hide what they are.
    if (sha512 === this.#subject?.sha512)
      throw wrong(subject, 'It is the very artifact that is being verified.');
    this.#pins?.admit({ name, version: found.version, sha512 });
    this.#materials.set(subject, {
      name,
      version: found.version,
      integrity: result.integrity,
      sha512,
      size: result.bytes.byteLength,
      license: licenseIn(found.raw),
      afterCutoff: this.#isAfterCutoff(document, found.version),
    });
    return result.bytes;
  }

  /**
   * Shows the likeliest version in a range from now on; for a range of null, in each range that is known to be wanted
   * (npm does not say which when a package has no version at all). Returns a version shown, or null when there is none.
   */
  async allow(name: string, range: string | null): Promise<string | null> {
    const document = await this.#document(name);
    if (document === null) return null;
    if (range !== null) return this.#allowRange(document, range);
    const known = this.#index.on(name).map((one) => one.range);
    const shown = (known.length === 0 ? ['*'] : known).map((one) => this.#allowRange(document, one));
    return shown.find((version) => version !== null) ?? null;
  }

  #allowRange(document: PackageDocument, range: string): string | null {
    const { name } = document;
    const { kept, diagnosis } = snapshot(document, this.#cutoff, this.#allowedOf(name));
    const seen = semver.minSatisfying([...kept.keys()], range, { loose: true });
    if (seen !== null) return seen;
    const version = document.distTags.get(range) ?? this.#likeliest(document, range, diagnosis)?.raw;
    if (version === undefined || !document.versions.has(version)) return null;
    const reason = `An install of this time found no version of ${name} in ${range}.`;
    if (!kept.has(version)) this.#allow({ kind: 'hidden', name, version, range, reason });
    return version;
  }

  /**
   * Where the times cannot be trusted, what existed is inferred: a version that existed at the cutoff could be
   * installed, so each of its ranges had a version then.
   */
  #repaired(document: PackageDocument): Snapshot {
    let past = snapshot(document, this.#cutoff, this.#allowedOf(document.name));
    if (past.diagnosis.trusted) return past;
    const versions = ascending(document.versions.keys());
    for (const { range, wantedBy } of this.#index.on(document.name)) {
      const fitting = inRange(versions, range);
      if (fitting.some(({ raw }) => past.kept.has(raw))) continue;
      const version = likeliest({ document, range, fitting, node: this.#node });
      if (version === null) continue;
      const reason = `${wantedBy} existed and needs ${document.name} in ${range}; the times of this registry hide every one.`;
      this.#allow({ kind: 'hidden', name: document.name, version: version.raw, range, reason });
      past = snapshot(document, this.#cutoff, this.#allowedOf(document.name));
    }
    return past;
  }

  #likeliest(document: PackageDocument, range: string, { trusted }: TimeDiagnosis): SemVer | null {
    if (semver.validRange(range, { loose: true }) === null) return null;
    const fitting = inRange(ascending(document.versions.keys()), range);
    // Where times are right, and there was none yet, the lowest is the one that came soonest after.
    return likeliest({ document, range, fitting, node: trusted ? null : this.#node });
  }

  /** The next higher version of the same major line, else the next lower one, of those that there were where that is known. */
  #neighbour(document: PackageDocument, version: string): VersionDocument | null {
    const { name } = document;
    const wanted = semver.parse(version, { loose: true });
    if (!this.#standIns || wanted === null || name === this.#subject?.name) return null;
    const { kept, diagnosis } = snapshot(document, this.#cutoff, this.#allowedOf(name));
    const line = ascending(diagnosis.trusted ? kept.keys() : document.versions.keys()).filter(
      ({ major }) => major === wanted.major,
    );
    const near = line.find((one) => one.compare(wanted) > 0) ?? line.at(-1);
    if (near === undefined) return null;
    const found = versionOf(document, near.raw);
    const isIdle = found !== null && isOfOtherSystem(found.raw);
    const which = isIdle ? ', of another operating system,' : '';
    const reason = `A lockfile names ${name}@${version}, which the registry does not have; its neighbour${which} stands in.`;
    const kind = isIdle ? 'idle-stand-in' : 'stand-in';
    this.#standInFor({ kind, name, version: near.raw, range: version, reason });
    return found;
  }

  #standIn(name: string, version: string): Uint8Array | null {
    this.#pins?.miss(name, version);
    if (!this.#standIns) return null;
    const reason = `A lockfile names ${name}@${version}, which the registry does not have; an empty package stands in.`;
    this.#standInFor({ kind: 'stand-in', name, version, range: version, reason });
    return emptyPackage(name, version);
  }

  #standInFor(repair: Repair): void {
    if (this.#repairs.some(({ reason }) => reason === repair.reason)) return;
    this.#repairs.push(Object.freeze(repair));
  }

  #allow(repair: Repair): void {
    const allowed = this.#allowedOf(repair.name);
    if (allowed.has(repair.version)) return;
    allowed.add(repair.version);
    this.#repairs.push(Object.freeze(repair));
  }

  #allowedOf(name: string): Set<string> {
    const allowed = this.#allowed.get(name) ?? new Set<string>();
    this.#allowed.set(name, allowed);
    return allowed;
  }

  #isAfterCutoff(document: PackageDocument, version: string): boolean {
    return !snapshot(document, this.#cutoff, new Set()).kept.has(version);
  }

  async #versionOfFile(name: string, file: string): Promise<string | null> {
    const base = `${name.slice(name.indexOf('/') + 1)}-`;
    const version = file.startsWith(base) ? file.slice(base.length, -'.tgz'.length) : '';
    if (semver.valid(version, { loose: true }) !== null) return version;
    // Some registries name their files otherwise.
    const document = await this.#document(name);
    for (const [key, raw] of document?.versions ?? []) if (fileOf(raw) === file) return key;
    return null;
  }

  async #withVersion(name: string, version: string): Promise<PackageDocument | null> {
    const document = await this.#document(name);
    if (document === null || document.versions.has(version)) return document;
    // The document may be older than the version; asking once more is enough.
    const key = `${name}@${version}`;
    if (this.#refreshed.has(key)) return document;
    this.#refreshed.add(key);
    this.#documents.set(name, this.#fetch(name));
    return this.#document(name);
  }

  async #fetch(name: string, freshness?: { readonly notBefore: Date }): Promise<PackageDocument | null> {
    const document = await this.#client.packument(name, freshness);
    const shown = this.#pins === null ? document : this.#pins.only(name, document);
    if (shown === null || this.#subject === null) return shown;
    return withoutSubject(shown, this.#subject, this.#cutoff);
  }

  /** A document fetched after the cutoff says all there is to say about the time before it, for ever. */
  #document(name: string): Promise<PackageDocument | null> {
    const known = this.#documents.get(name);
    const document = known ?? this.#fetch(name, { notBefore: this.#cutoff });
    this.#documents.delete(name);
    this.#documents.set(name, document);
    if (known === undefined) document.catch(() => this.#documents.delete(name));
    const [oldest] = this.#documents.keys();
    if (this.#documents.size > MAX_DOCUMENTS && oldest !== undefined) this.#documents.delete(oldest);
    return document;
  }
}

function ascending(versions: Iterable<string>): readonly SemVer[] {
  const parsed = [...versions].map((version) => semver.parse(version, { loose: true }));
  return parsed.filter((version) => version !== null).sort((a, b) => a.compare(b));
}

function inRange(versions: readonly SemVer[], range: string): readonly SemVer[] {
  const wanted = new semver.Range(range, { loose: true });
  return versions.filter((version) => wanted.test(version));
}

function fileOf(raw: RawVersion): string | null {
  const dist = raw['dist'];
  const url = typeof dist === 'object' && dist !== null && 'tarball' in dist ? String(dist.tarball) : '';
  return URL.canParse(url) ? (new URL(url).pathname.split('/').at(-1) ?? null) : null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** By precedence; some old registries hold keys that no reader takes for versions. */
function compareVersions(a: string, b: string): number {
  const [one, two] = [a, b].map((text) => semver.parse(text, { loose: true }));
  if (one == null || two == null) return Number(one == null) - Number(two == null) || compare(a, b);
  return one.compare(two) || compare(a, b);
}

function wrong(subject: string, why: string): ReproveError {
  return new ReproveError('registry-invalid', {
    what: `${subject} cannot be used as a dependency.`,
    why,
    next: 'Check the registry that your npm configuration names.',
  });
}
