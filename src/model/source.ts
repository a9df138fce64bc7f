/** Why we believe something, for a person to check. */
export interface Evidence {
  /** A short stable word, for example `tag`, `git-head`, `engines`. */
  readonly kind: string;
  readonly detail: string;
}

/** The workflow that signed the provenance of an artifact, as the certificate of its signature names it. */
export interface ProvenanceSigner {
  /** The repository that the workflow ran for, as it is written. */
  readonly repository: string;
  /** Full commit id, 40 hex. */
  readonly commit: string | null;
  /** The workflow's own address; of a shared workflow it lies in another repository. */
  readonly workflow: string;
}

/** One file of a commit. */
export interface TreeFile {
  /** Path from the root of the repository, `/` between components. */
  readonly path: string;
  /** The id of the git blob. */
  readonly blobId: string;
  /** Git's mode: `100644`, `100755`, `120000` (link) or `160000` (submodule). */
  readonly mode: string;
  /** Set when the repository that was read names the file and does not have its content. */
  readonly missing?: true;
  /** Set when the file only points at one in git large file storage. */
  readonly pointer?: true;
}

/** First line of a git LFS pointer (git-lfs specification, "The Pointer"). */
export const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1';

/** Repository, commit and directory that a package version claims to come from. */
export interface Source {
  /** The canonical URL, as the package document gives it, not the mirror's. */
  readonly repository: string;
  /** Full commit id, 40 hex. */
  readonly commit: string;
  /** The ref that led to the commit, or null. */
  readonly ref: string | null;
  /** Directory of the package inside the repository, `.` for its root. */
  readonly directory: string;
  /** When the commit was made (committer date), ISO 8601. */
  readonly committedAt: string;
  /** When the annotated tag `ref` was made, as it says, ISO 8601. */
  readonly taggedAt?: string;
  readonly evidence: readonly Evidence[];
  /** Every file of the commit. */
  readonly tree: readonly TreeFile[];
}

/** A file of a commit that was published with other bytes. */
export interface Contradiction {
  /** From the root of the repository. */
  readonly file: string;
  /** The id that git gives to the published bytes. */
  readonly blobId: string;
}
