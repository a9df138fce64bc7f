import type { Comparison, Difference } from '../model/comparison.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { Source } from '../model/source.ts';
import type { Reason } from '../model/verdict.ts';

/** Only more files, which are notes and settings of people and their tools: a build makes declarations, maps, data. */
export function addsOnlyNotes(comparison: Comparison | null): boolean {
  const differences = comparison?.differences ?? [];
  return differences.length > 0 && differences.every(({ kind, path }) => kind === 'added' && isNote(path));
}

/** Prose, or anything in a place that begins with a dot. */
function isNote(path: string): boolean {
  return /\.(md|markdown|txt)$/i.test(path) || path.split('/').some((part) => part.startsWith('.'));
}

/**
 * Under a plan that leaves out what the source may need, or at a commit of another version, a difference says nothing.
 *
 * @param standIns what stood in for dependencies, a sentence for each
 */
export function inconclusive(
  plan: RebuildPlan,
  comparison: Comparison | null,
  standIns: readonly string[],
): Reason | null {
  if (plan.conclusive || addsOnlyNotes(comparison)) return null;
  if (comparison === null || comparison.differences.length === 0) return null;
  const stated = plan.evidence.find(({ kind }) => kind === 'version-set');
  const [standIn] = standIns;
  const because =
    stated?.detail ?? standIn?.replace(/\.$/, '') ?? 'it leaves out steps that the source may need';
  const message = `A rebuild (${plan.strategy}) differs, and that speaks against nobody: ${because}.`;
  return { code: stated === undefined ? 'unsupported' : 'source-mismatch', message };
}

/** A package of so many files that are not there was not built by anything that is known, rather than added to. */
const MANY_UNBUILT = 10;
/** Folders that by their name hold what a build makes. */
const OUTPUT_FOLDER =
  /^(?:dist|build|lib|libs|out|output|es|esm|cjs|mjs|umd|iife|min|types|typings|bundles?|compiled)$/;

/** What tells that a folder is made rather than written. */
export interface MadeClues {
  /** The published entries that run when the package is imported, or as commands. */
  readonly entryPoints: readonly string[];
  /** The lines of the `.gitignore` files of the repository's root and of the package's folder. */
  readonly ignored: readonly string[];
}

/**
 * Why a rebuild says nothing that made none of what is missing from it: it lacks most of what was published, or whole
 * output folders which the source speaks of, and nothing else that runs differs. Whatever builds those did not run. Where
 * nothing was found that builds, the source speaks of a folder when the commit's own manifest has entry points in it.
 */
export function unbuilt(
  attempt: { readonly plan: RebuildPlan; readonly comparison: Comparison | null; readonly source: Source },
  clues: MadeClues,
): Reason | null {
  const { plan, comparison, source } = attempt;
  // What a host makes of a commit is that commit: nothing builds before it.
  if (comparison === null || plan.strategy === 'git-archive') return null;
  // A plan that is nothing but packing was made for a source without a build, unless the manifest of the commit tells of one.
  const isPacked = plan.strategy === 'pack';
  const spoken = isPacked ? { ...clues, ignored: [] } : clues;
  const { differences, origins } = comparison;
  const missing = differences.filter(({ kind }) => kind === 'added').map(({ path }) => path);
  const others = differences.filter(({ kind }) => kind !== 'added');
  const isFolders =
    missing.length > 0 &&
    missing.every((path) => isUnbuiltFolder(path, comparison, source)) &&
    [...new Set(missing.map(folderOf))].every((folder) => isSpokenOf(folder, spoken));
  const isMissing = others.length === 0 && (isFolders || (!isPacked && lacksMost(comparison)));
  const isMissingBesideData = isFolders && missing.length >= MANY_UNBUILT && others.every(isOfData);
  if (!isMissing && !isMissingBesideData) return null;
  const message = `No build was found that makes ${missing.length} of the ${Object.keys(origins).length} published entries (${missing.slice(0, 3).join(', ')}).`;
  return { code: 'unsupported', message };
}

/** A manifest or a lockfile, wherever it stands: package managers and runtimes follow them. */
const FOLLOWED = /(?:^|\/)(?:package|[^/]*shrinkwrap|[^/]*lock)\.json$/;

/** Other bytes of a file that nothing runs or follows. */
function isOfData({ kind, path }: Difference): boolean {
  return kind === 'content' && /\.(?:json|md|txt|map|css|svg|d\.[cm]?ts)$/.test(path) && !FOLLOWED.test(path);
}

function lacksMost({ origins, differences }: Comparison): boolean {
  const all = Object.values(origins);
  const isBuilt = all.some((origin) => origin === 'rebuilt' || origin === 'normalized');
  return !isBuilt && differences.length >= MANY_UNBUILT && differences.length * 2 >= all.length;
}

/** Whether a path lies in an output folder that is in no commit and from which nothing was packed. */
function isUnbuiltFolder(path: string, { origins }: Comparison, { directory, tree }: Source): boolean {
  const folder = folderOf(path);
  if (!path.includes('/') || !OUTPUT_FOLDER.test(folder)) return false;
  const place = directory === '.' ? `${folder}/` : `${directory}/${folder}/`;
  const packed = Object.entries(origins).some(
    ([one, origin]) => one.startsWith(`${folder}/`) && origin !== 'unexplained',
  );
  return !packed && !tree.some((file) => file.path.startsWith(place));
}

/** The first folder of a path, empty for a file at the root. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.indexOf('/')));
}

/** Entry points lie in the folder, or git is told to leave it out: what nobody speaks of was put there by nobody known. */
function isSpokenOf(folder: string, { entryPoints, ignored }: MadeClues): boolean {
  const isEntryPoint = entryPoints.some((path) => folderOf(path) === folder);
  const isIgnored = ignored.some(
    (line) =>
      line
        .trim()
        .replace(/\/?\*{0,2}$/, '')
        .split('/')
        .at(-1) === folder,
  );
  return isEntryPoint || isIgnored;
}
