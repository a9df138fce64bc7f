import { isScriptName } from '../compare/script.ts';
import type { Comparison, Difference } from '../model/comparison.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { Source } from '../model/source.ts';
import type { Reason } from '../model/verdict.ts';
import { explainAll } from './explain-all.ts';

/** What a rebuild was made of. */
export interface Made {
  readonly plan: RebuildPlan;
  readonly comparison: Comparison | null;
  readonly source: Source;
  /** Versions of dependencies that were let in though the registry's times hide them. */
  readonly repairs: readonly string[];
  /** Published entries that run on install: no tool of a build explains another one. */
  readonly onInstall: readonly string[];
}

/**
 * Why a rebuild says nothing that had to guess at its tools: no lockfile names them, and the registry hides which versions there
 * were at the time. Only files that the build makes differ then, and what is only published can do nothing new.
 */
export async function guessedTools(made: Made): Promise<Reason | null> {
  const { plan, comparison, source, repairs, onInstall } = made;
  const differences = comparison?.differences ?? [];
  if (differences.length === 0 || repairs.length === 0) return null;
  if (!plan.evidence.some(({ kind }) => kind === RESOLVED)) return null;
  const written = new Set(source.tree.map(({ path }) => path));
  const root = source.directory === '.' ? '' : `${source.directory}/`;
  const isMade = ({ kind, path }: Difference) =>
    (kind === 'content' || (kind === 'added' && isReadOnly(path))) &&
    !written.has(root + path) &&
    !onInstall.includes(path);
  if (!differences.every(isMade) || !(await areHarmless(differences))) return null;
  const message = `A rebuild differs in what it builds (${differences.length === 1 ? '1 file' : `${differences.length} files`}), and its tools are guesses: no lockfile names them all, and the registry's times hide ${repairs.length} versions that there must have been.`;
  return { code: 'unsupported', message };
}

/** What only people and tools read, and another version of a tool makes besides: declarations and source maps. */
function isReadOnly(path: string): boolean {
  return /\.(?:d\.[cm]?ts|map)$/.test(path);
}

/** Fewer are no other tool's doing, but somebody's: a tool does the same wherever it can. */
const FEWEST_CHANGES = 10;

/** Whether every script was read, differs as by another tool, and what is only published can do nothing that is not rebuilt. */
async function areHarmless(differences: readonly Difference[]): Promise<boolean> {
  const explained = await explainAll(differences);
  const scripts = differences.filter(({ path }) => isScriptName(path)).map(({ path }) => explained.get(path));
  const isHarmless = scripts.every(
    (one) => one !== undefined && 'capabilities' in one && one.capabilities.length === 0,
  );
  const changes = scripts.reduce(
    (sum, one) => sum + (one !== undefined && 'total' in one ? one.total : 0),
    0,
  );
  return isHarmless && changes >= FEWEST_CHANGES;
}

/** How the evidence of a plan says that dependencies are those of the publish time, without a lockfile. */
const RESOLVED = 'resolution';
