import type { InputEntry, InputWarning, LeftOut } from '../model/inputs.ts';

/** What a reader is given: the text of a file, and what stands beside it. */
export interface InputText {
  readonly file: string;
  readonly text: string;
  /** The project's manifest in the same folder, for formats that need it to know what the project asks for; null without. */
  readonly manifest: string | null;
}

/** One listed package, before anybody wants to know where it stands. */
export interface Listed extends Omit<InputEntry, 'subject' | 'place'> {
  readonly name: string;
  readonly version: string;
  /** What the reading's `locate` finds it by. */
  readonly key: string;
}

export interface ListedLeftOut extends Omit<LeftOut, 'place'> {
  readonly key: string;
}

/** What a file lists. */
export interface Reading {
  /** In words, with its version. */
  readonly format: string;
  readonly entries: readonly Listed[];
  readonly leftOut: readonly ListedLeftOut[];
  readonly warnings: readonly (Omit<InputWarning, 'file' | 'line'> & { readonly key: string })[];
  /** Where something listed stands. The first call may take as long as reading did. */
  locate(key: string): Location;
}

export interface Location {
  /** From 1. */
  readonly line: number;
  readonly project: string;
  readonly path: readonly string[];
}

/** Reads one family of files. */
export interface InputFormat {
  /** In words, for lists of what is known. */
  readonly title: string;
  /** Names that such files have; only these are looked for in folders. */
  readonly fileNames: readonly string[];
  /** Whether a text is of this family, whatever its version. Looks at its beginning first. */
  recognises(input: InputText): boolean;
  /** Throws Unreadable for a text that is of this family and cannot be read as such. */
  read(input: InputText): Reading;
}

/** What readers throw: a file that cannot be read as what it should be. */
export class Unreadable extends Error {
  readonly line: number | null;

  constructor(why: string, line: number | null = null) {
    super(why);
    this.name = 'Unreadable';
    this.line = line;
  }
}

/** What only one ecosystem knows of files that list packages. */
export interface InputEcosystem {
  /** The purl type. */
  readonly name: string;
  /** What advisories in the OSV format call it (https://ossf.github.io/osv-schema/). */
  readonly advisoryName: string;
  readonly formats: readonly InputFormat[];
  /** Folders that hold copies of what lockfiles list. */
  readonly installFolders: readonly string[];
  /** Splits `name@version`; null for what is not exactly that. */
  parseSpec(text: string): { readonly name: string; readonly version: string } | null;
  /** Whether a name could be that of a published package. */
  isName(name: string): boolean;
  purlOf(name: string, version: string): string;
}
