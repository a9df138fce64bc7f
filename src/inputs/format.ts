import type { InputEntry, InputWarning, LeftOut, LeftOutReason } from '../model/inputs.ts';
import type { JsonText } from './json.ts';

/** What a reader is given: a file's text, and what stands beside it. */
export interface InputText {
  /** Its name, without folders. */
  readonly fileName: string;
  readonly text: string;
  /** The text as JSON; null when it does not begin as JSON does. */
  readonly json: JsonText | null;
  /** The project's manifest in the same folder, which some formats need to tell what the project asks for; null without. */
  readonly manifest: string | null;
}

/** One listed package, before anybody wants to know where it stands. */
export interface Listed extends Omit<InputEntry, 'subject' | 'integrity' | 'place'> {
  /** The purl type. */
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** As the file states it: Subresource Integrity, digests separated by white space; null when it states none. */
  readonly integrity: string | null;
  /** What the reading's `locate` finds it by. */
  readonly key: string;
}

export interface ListedLeftOut extends Omit<LeftOut, 'integrity' | 'place'> {
  readonly integrity: string | null;
  readonly key: string;
}

export interface ListedWarning extends Omit<InputWarning, 'file' | 'line'> {
  readonly key: string;
}

/** What a file lists. */
export interface Reading {
  /** In words, with its version. */
  readonly format: string;
  readonly entries: readonly Listed[];
  readonly leftOut: readonly ListedLeftOut[];
  readonly warnings: readonly ListedWarning[];
  /** Where something listed stands. The first call may take as long as reading did. */
  locate(key: string): Location;
}

export interface Location {
  /** From 1. */
  readonly line: number;
  readonly project: string;
  readonly path: readonly string[];
}

/** Reads one family of files. Pure. */
export interface InputFormat {
  /** In words, for lists of what is known. */
  readonly title: string;
  /** Names that such files have; only these are looked for in folders. */
  readonly fileNames: readonly string[];
  /** Whether a text is of this family, whatever its version. */
  recognises(input: InputText): boolean;
  /** Throws Unreadable for a text that is of this family and cannot be read as such. */
  read(input: InputText): Reading;
}

/** What readers throw: a file that cannot be read as what it should be. */
export class Unreadable extends Error {
  /** From 1; null when it is about the whole file. */
  readonly line: number | null;

  constructor(why: string, line: number | null = null) {
    super(why);
    this.name = 'Unreadable';
    this.line = line;
  }
}

/** What an address of a registry tells: an address in front of a package manager counts more than any name beside it. */
export type Origin =
  | {
      readonly kind: 'registry';
      /** Null: the configured registry, at the usual address. */
      readonly address: Address | null;
      /** What is served there, when that is another package than was said; null when it is the same, or the address does not tell. */
      readonly other: { readonly name: string; readonly version: string } | null;
    }
  | { readonly kind: 'left-out'; readonly reason: LeftOutReason };

/** An address without user name, password, query and fragment. */
export interface Address {
  readonly href: string;
  /** With the port. */
  readonly host: string;
  /** What stands behind `#`; empty when nothing does. */
  readonly fragment: string;
}

/** What makes a package of an ecosystem one that can be verified. Pure. */
export interface PackageRules {
  /** The purl type. */
  readonly name: string;
  /** Whether a name could be that of a published package. */
  isName(name: string): boolean;
  /** Whether a version is exact. */
  isVersion(version: string): boolean;
  /** Where a package comes from that is said to be `name@version`. */
  originOf(stated: {
    readonly name: string;
    readonly version: string | null;
    readonly resolved: string | null;
  }): Origin;
}

/** What only one ecosystem knows of files that list packages. */
export interface InputEcosystem extends PackageRules {
  /** What advisories in the OSV format call it (https://ossf.github.io/osv-schema/, affected[].package.ecosystem). */
  readonly advisoryName: string;
  readonly formats: readonly InputFormat[];
  /** Hosts that files name for the public registry, wherever its packages are fetched from. */
  readonly publicHosts: readonly string[];
  /** Folders that hold copies of what lockfiles list. */
  readonly installFolders: readonly string[];
  /** The name of a project's manifest. */
  readonly manifestName: string;
  /** Less than 0 when `a` comes before `b`; for versions that `isVersion` accepts. */
  compareVersions(a: string, b: string): number;
  /** Whether a version comes before the one that it names, for those who want to try it; for versions that `isVersion` accepts. */
  isPrerelease(version: string): boolean;
  /** @param version null for the package itself */
  purlOf(name: string, version: string | null): string;
}
