import type { PackageVersion } from './artifact.ts';

/** Where a package version stands in a file of the user's. */
export interface Place {
  /** As the user named it, or below the folder that the user named. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The project or workspace that asks for it, as the file names it; `.` for the only one. */
  readonly project: string;
  /**
   * The shortest way to it from what the project itself asks for, `name@version` each, itself last. Only itself when the
   * file does not say who asks for what.
   */
  readonly path: readonly string[];
}

/** One package version that a file lists: what should be the artifact of a registry. */
export interface InputEntry {
  readonly subject: PackageVersion;
  /** Under which other name the project installs it; null without an alias. */
  readonly alias: string | null;
  /** Subresource Integrity strings of the published artifact, one digest each; empty when the file has none. */
  readonly integrity: readonly string[];
  /** The address of the artifact as the file states it, without user name, password and query; null when it states none. */
  readonly resolved: string | null;
  /** Host (and port) of that address; null: that of the configured registry. */
  readonly registry: string | null;
  /** Whether the project itself asks for it; null when the file does not say. */
  readonly direct: boolean | null;
  /** Whether only development needs it; null when the file does not say. */
  readonly dev: boolean | null;
  /** Whether an install may go without it; null when the file does not say. */
  readonly optional: boolean | null;
  /** Whether it is there only because others expect it beside them; null when the file does not say. */
  readonly peer: boolean | null;
  readonly place: Place;
}

export const LEFT_OUT_REASONS = [
  'local-file',
  'link',
  'workspace',
  'git',
  'remote-archive',
  'bundled',
  'patched',
  'private-registry',
  'no-artifact',
  'other-ecosystem',
  'no-package-name',
  'no-exact-version',
] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

/** Something that a file lists and that is no artifact of a registry: said and counted, never a failure. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  /** As the file names it. */
  readonly name: string;
  /** Null when the file gives none. */
  readonly version: string | null;
  /** What the file says of where it comes from; null when it says nothing. */
  readonly from: string | null;
  /** Its artifact's digests, where the file has some all the same; one Subresource Integrity string each. */
  readonly integrity: readonly string[];
  readonly direct: boolean | null;
  readonly dev: boolean | null;
  readonly place: Place;
}

export const INPUT_WARNING_KINDS = [
  'address-of-another-package',
  'sections-disagree',
  'integrity-unreadable',
] as const;
export type InputWarningKind = (typeof INPUT_WARNING_KINDS)[number];

/** Something in a file that a person should see. */
export interface InputWarning {
  readonly kind: InputWarningKind;
  /** One sentence. */
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One file that was read. */
export interface InputFile {
  readonly file: string;
  /** In words, for example `package-lock.json, version 3`. */
  readonly format: string;
  /** How many package versions it lists, each place counted. */
  readonly entries: number;
  readonly leftOut: number;
}

/** A file that cannot be read as what it should be. Whoever says that all is well must not have any of these. */
export interface RefusedFile {
  readonly file: string;
  /** From 1; null when it is about the whole file. */
  readonly line: number | null;
  /** What was found, and what would be known, in sentences. */
  readonly why: string;
}

/** Everything that a user's files list. */
export interface Inputs {
  readonly files: readonly InputFile[];
  readonly entries: readonly InputEntry[];
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly InputWarning[];
  readonly refused: readonly RefusedFile[];
}

/** One artifact to verify, and every place that asks for it. */
export interface InputPackage {
  readonly subject: PackageVersion;
  /** What the artifact must have, one digest each, the strongest first; empty when no file says. */
  readonly integrity: readonly string[];
  /** At least one. */
  readonly entries: readonly InputEntry[];
}

/** What to take of what files list. */
export interface Selection {
  /** `top-level`: only what the projects themselves ask for. */
  readonly depth: 'all' | 'top-level';
  /** What not to take. What a file does not say of a package leaves it in. */
  readonly omit: readonly ('dev' | 'optional' | 'peer')[];
  /** Scopes (`@babel`) to take; empty: every package. */
  readonly scopes: readonly string[];
  /** Hosts of the registries that can be asked; entries of others are left out as `private-registry`. Empty: every host. */
  readonly registries: readonly string[];
}

/** Artifacts to verify, each once. */
export interface SelectedInputs {
  readonly packages: readonly InputPackage[];
  /** What the files list and no registry serves, and what comes from registries that are not asked. */
  readonly leftOut: readonly LeftOut[];
  /** How many entries the selection did not take. */
  readonly notSelected: number;
  /** Entries that were taken because the file does not say whether the selection means them. */
  readonly untold: number;
  /** Package versions that files want with different digests: each is one package in `packages`. */
  readonly conflicts: readonly (readonly InputPackage[])[];
}
