/** What a manifest says it is of. */
export interface StatedIdentity {
  readonly name: string | null;
  readonly version: string | null;
  /** Whether the ecosystem's tools refuse to publish it. */
  readonly isPrivate: boolean;
}

/** How one ecosystem names a package inside a repository. */
export interface ManifestReader {
  /** For example `package.json`. */
  readonly fileName: string;
  /** Null when it is not one. */
  read(text: string): StatedIdentity | null;
  /** POSIX extended expressions for the line of a manifest that states a name or a version. */
  nameLine(name: string): string;
  versionLine(version: string): string;
}
