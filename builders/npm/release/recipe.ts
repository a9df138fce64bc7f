import type { Evidence } from '../../../src/model/source.ts';

export type ManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** Whose code makes the archive; each leaves its own marks in it. */
export type Packer = ManagerName | 'lerna';

/** One simple command, as a repository states it. Data: never to be joined into a shell string. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Folder inside the repository, `.` for its root. It may be one that only a build makes. */
  readonly directory: string;
  /** What the workflow or the command line sets literally, workflow and job included. */
  readonly env: Readonly<Record<string, string>>;
}

export interface PackageManager {
  readonly name: ManagerName;
  /** A version or a range, as it is written (`9`, `^10.2.0`, `latest`); null when nothing states one. */
  readonly version: string | null;
}

export interface PublishCommand {
  readonly command: Command;
  /** Null when a program of the repository decides. */
  readonly packer: Packer | null;
  /** Version or range, as it is written; null when nothing states one. */
  readonly packerVersion: string | null;
  /** The folder that is packed, inside the repository; null when nothing says it. */
  readonly directory: string | null;
  /** Whether that is a folder which only a run can tell (`cd "$OUT" && npm publish`). */
  readonly isElsewhere: boolean;
  /** Whether the packer runs the package's own scripts (`prepack`, `prepare`). */
  readonly scripts: boolean;
  /** Whether the version is written into the manifest of that folder, and of no other, just before it is packed. */
  readonly setsVersion: boolean;
}

/** How the maintainers of a repository publish, as far as its files say so. Absent is null or empty. */
export interface ReleaseRecipe {
  /** Node in the words of an `.nvmrc` (`22.x`, `lts/*`, `latest`); a file that the workflow names is read already. */
  readonly nodeVersion: string | null;
  readonly packageManager: PackageManager | null;
  /** The npm that the publishing job puts over the one of its Node (`npm install -g npm@11`): version or range. */
  readonly npmVersion: string | null;
  /** What brings dependencies and package managers in, in order. */
  readonly install: readonly Command[];
  /** What makes files between the install and the publishing, in order; checks, git and version bumps are left out. */
  readonly build: readonly Command[];
  readonly publish: PublishCommand | null;
  readonly evidence: readonly Evidence[];
}

export const NO_RECIPE: ReleaseRecipe = {
  nodeVersion: null,
  packageManager: null,
  npmVersion: null,
  install: [],
  build: [],
  publish: null,
  evidence: [],
};
