import type { Inputs } from '../model/inputs.ts';
import type { InputEcosystem } from './format.ts';

export interface ReadOptions {
  /** Paths are relative to it, and are shown so. */
  readonly cwd: string;
  /** Of `builders/index.ts`: INPUT_ECOSYSTEMS. */
  readonly ecosystems: readonly InputEcosystem[];
}

/**
 * Reads lockfiles, SBOMs and lists of package versions; folders are walked for files of known names. What cannot be read
 * is a value (`refused`).
 *
 * @throws ReproveError `usage` for a path that is not there
 */
export function readInputs(paths: readonly string[], options: ReadOptions): Promise<Inputs> {
  throw new Error(`${paths.join()} ${options.cwd}`);
}
