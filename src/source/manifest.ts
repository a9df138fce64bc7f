/** How one ecosystem names a package inside a repository. */
export interface ManifestReader {
  /** For example `package.json`. */
  readonly fileName: string;
  /** Name and version that a manifest states; null when it is not one. */
  read(text: string): { readonly name: string | null; readonly version: string | null } | null;
  /** POSIX extended expressions for the line of a manifest that states a name or a version. */
  nameLine(name: string): string;
  versionLine(version: string): string;
}
