/** Lowercase hex digests of one file. */
export interface Digests {
  readonly sha512: string;
  readonly sha256: string;
  readonly sha1: string;
}

/** One package version: the thing a user names and a verdict is about. */
export interface PackageVersion {
  /** The purl type, for example `npm`. */
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** https://github.com/package-url/purl-spec, for example `pkg:npm/%40scope/name@1.0.0`. */
  readonly purl: string;
}

/** RFC 1952, section 2.3: the fields of the (first) gzip member's header. */
export interface GzipHeader {
  readonly flags: number;
  readonly mtime: number;
  /** XFL: 2 is "best compression". */
  readonly extraFlags: number;
  readonly operatingSystem: number;
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'other';

/**
 * Bytes that never change, in memory or in a file of which only what is asked for is read; a `Uint8Array` is one.
 */
export interface Content {
  readonly length: number;
  /**
   * The bytes from `start` (default: the first) to before `end` (default: all). In memory that is a view; it must not be
   * written to. Whoever may meet large files asks for a part.
   *
   * @param memory where they may be put, if they have to be put somewhere and it is large enough; default: fresh memory
   */
  subarray(start?: number, end?: number, memory?: Uint8Array): Uint8Array;
}

/** One entry of an archive, with everything that its header says. */
export interface Entry {
  /** Where a package manager puts it: the stored name less its first component. */
  readonly path: string;
  /** The name as stored (PAX and GNU long names applied), invalid UTF-8 shown as U+FFFD. */
  readonly storedName: string;
  readonly type: EntryType;
  /** The tar type flag as stored, for example `0`. */
  readonly typeFlag: string;
  /** Permission bits, 0o7777 at most. */
  readonly mode: number;
  /** Bytes of content. */
  readonly size: number;
  /** Seconds since the epoch; null when the field is blank. */
  readonly mtime: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly userName: string;
  readonly groupName: string;
  readonly linkTarget: string | null;
  /** PAX records that applied to this entry (extended and global), as stored. */
  readonly pax: Readonly<Record<string, string>>;
  /** Where the entry's own header block begins in the tar stream, bytes; its content begins 512 bytes later. */
  readonly offset: number;
  readonly content: Content;
  /** The id that git gives to this content: sha1 of `blob <size>\0<content>`. */
  readonly blobId: string;
  /** sha256 of the content, hex. */
  readonly sha256: string;
}

export type AnomalyKind =
  | 'gzip-header-field'
  | 'gzip-file-name'
  | 'gzip-extra-member'
  | 'gzip-trailing-bytes'
  | 'tar-trailing-bytes'
  | 'tar-padding'
  | 'pax-record'
  | 'unsafe-path'
  | 'name-not-utf8'
  | 'duplicate-entry'
  | 'colliding-entry'
  | 'repeated-entry'
  | 'link-entry'
  | 'special-entry';

/** Something in an archive that no packer writes or that readers could understand in two ways. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** The entry concerned, or null for the archive as a whole. */
  readonly path: string | null;
  /** One sentence for a person, control characters made visible. */
  readonly detail: string;
}

/** A published or rebuilt archive, read strictly from its bytes. */
export interface Archive {
  readonly gzip: GzipHeader;
  /** The uncompressed tar stream, whole. */
  readonly tar: Content;
  readonly entries: readonly Entry[];
  readonly anomalies: readonly Anomaly[];
}

/** The file that the registry serves (or that the user named), as bytes and as an archive. */
export interface Artifact {
  readonly fileName: string;
  readonly bytes: Content;
  readonly digests: Digests;
  readonly archive: Archive;
}
