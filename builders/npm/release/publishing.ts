import { managerCall, coreOf } from './calls.ts';
import type { CommitFiles } from './commit-files.ts';
import { isPublishName, looksLikePublishing, type Publication, publicationOf } from './publications.ts';
import type { Packer } from './recipe.ts';
import { roleOf } from './roles.ts';
import { innerOf, type PackagePlace, programFile } from './scripts.ts';
import type { Statement } from './statements.ts';

/** A place where something is published. */
export interface Publishing {
  readonly publication: Publication;
  /** False when only a name says so. */
  readonly certain: boolean;
  readonly statement: Statement;
  /** What comes before it in the same script. */
  readonly before: readonly Statement[];
  /** The scripts that lead to it, outermost first. */
  readonly via: readonly string[];
}

export interface Reader {
  readonly files: CommitFiles;
  readonly own: PackagePlace;
  /** How many more scripts are opened: scripts of strangers may call each other without end. */
  readonly budget: { scripts: number };
}

const DEEPEST = 4;

/** Finds out whether a command publishes, by itself or by the scripts of the repository that it runs. */
export async function publishingOf(statement: Statement, reader: Reader): Promise<Publishing | null> {
  return (
    (await stated(statement, reader, 0)) ??
    (looksLikePublishing(statement.words) ? guessed(statement, reader, 0) : null)
  );
}

async function stated(statement: Statement, reader: Reader, depth: number): Promise<Publishing | null> {
  const publication = publicationOf(statement.words);
  if (publication !== null) return { publication, certain: true, statement, before: [], via: [] };
  return inScript(statement, reader, depth, stated);
}

type Search = (statement: Statement, reader: Reader, depth: number) => Promise<Publishing | null>;

async function inScript(
  statement: Statement,
  reader: Reader,
  depth: number,
  search: Search,
): Promise<Publishing | null> {
  if (depth >= DEEPEST || reader.budget.scripts <= 0) return null;
  reader.budget.scripts -= 1;
  const inner = await innerOf(statement, reader.files, reader.own);
  for (const [index, one] of (inner?.statements ?? []).entries()) {
    const found = await search(one, reader, depth + 1);
    if (found === null || inner === null) continue;
    const before = [...inner.statements.slice(0, index), ...found.before];
    return { ...found, before, via: [inner.from, ...found.via] };
  }
  return null;
}

/** By the programs that a script of a telling name starts, as far as their text or name speaks of publishing. */
async function guessed(statement: Statement, reader: Reader, depth: number): Promise<Publishing | null> {
  const file = await programFile(statement, reader.files);
  if (file !== null) {
    const text = await reader.files.read(file);
    const packer = packerIn(text ?? '');
    if (packer === null && !isPublishName(file) && !looksLikePublishing(statement.words)) return null;
    return guess(statement, packer ?? null, packer !== null, file);
  }
  const inner = await inScript(statement, reader, depth, guessed);
  if (inner !== null) return inner;
  const opened = await innerOf(statement, reader.files, reader.own);
  const isOpaque = opened === null && looksLikePublishing(statement.words);
  const runsMissing = managerCall(coreOf(statement.words))?.verb === 'run';
  return isOpaque && !runsMissing && roleOf(statement.words) === 'build'
    ? guess(statement, null, false, null)
    : null;
}

function guess(
  statement: Statement,
  packer: Packer | 'repository' | null,
  certain: boolean,
  file: string | null,
): Publishing {
  const publication: Publication = {
    tool: file ?? statement.words[0]?.text ?? '',
    packer,
    target: null,
    targetExpands: false,
    filters: [],
    recursive: true,
    tag: null,
    registry: null,
    scripts: true,
  };
  return { publication, certain, statement, before: [], via: file === null ? [] : [file] };
}

/** The packer that a program names beside the word `publish`: `'pnpm', ['publish'`, `npm publish`. */
function packerIn(text: string): Packer | 'repository' | null {
  const named = /\b(npm|pnpm|yarn|bun|lerna)\b["'`\s,[(]{1,24}(?:npm["'`\s,]{1,12})?publish\b/.exec(
    text,
  )?.[1];
  if (named === 'npm' || named === 'pnpm' || named === 'yarn' || named === 'bun' || named === 'lerna')
    return named;
  // nx's own program interface.
  return /\breleasePublish\(/.test(text) ? 'repository' : null;
}
