import { managerCall, coreOf } from './calls.ts';
import type { CommitFiles } from './commit-files.ts';
import { isPublishName, looksLikePublishing, type Publication, publicationOf } from './publications.ts';
import type { Packer } from './recipe.ts';
import { roleOf } from './roles.ts';
import { type Inner, innerOf, type PackagePlace, programFile } from './scripts.ts';
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
  /** What may still be done: scripts of strangers may be many, and call each other without end. */
  readonly budget: {
    /** Scripts and programs to open. */
    scripts: number;
    /** Characters of steps to read. */
    characters: number;
  };
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
  const inner = depth >= DEEPEST ? null : await opened(statement, reader);
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
  const file = spend(reader) ? await programFile(statement, reader.files) : null;
  if (file !== null) {
    const text = await reader.files.read(file);
    const packer = packerIn(text ?? '');
    if (packer === null && !isPublishName(file) && !looksLikePublishing(statement.words)) return null;
    return guess(statement, packer ?? null, packer !== null, file);
  }
  const inner = await inScript(statement, reader, depth, guessed);
  if (inner !== null) return inner;
  const isOpaque = (await opened(statement, reader)) === null && looksLikePublishing(statement.words);
  const runsMissing = managerCall(coreOf(statement.words))?.verb === 'run';
  return isOpaque && !runsMissing && roleOf(statement.words) === 'build'
    ? guess(statement, null, false, null)
    : null;
}

async function opened(statement: Statement, reader: Reader): Promise<Inner | null> {
  return spend(reader) ? innerOf(statement, reader.files, reader.own) : null;
}

function spend({ budget }: Reader): boolean {
  budget.scripts -= 1;
  return budget.scripts >= 0;
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
