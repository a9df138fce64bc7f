import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { readBundleFile } from '../check-attestation.ts';
import { ReproveError } from '../errors.ts';
import { splitBundles } from '../sigstore/split-bundles.ts';

/** A bundle, and what to call it. */
export interface NamedBundle {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What names of bundles end in. A folder's other files are left alone. */
const IN_FOLDER = ['.sigstore.json', '.sigstore', '.jsonl'];
const ON_COMMAND_LINE = [...IN_FOLDER, '.json'];
const MOST = 1000;

/**
 * Tells the bundles on the command line from what they should be about. It goes by names alone: a file that is checked must not be
 * able to pass for one more bundle by what is in it.
 *
 * @param words the first names a bundle or a folder of them, whatever it is called; the last may name a file or package version
 * @throws ReproveError `usage`
 */
export async function sortWords(
  words: readonly string[],
  artifact: string | null,
): Promise<{ readonly bundles: readonly string[]; readonly artifact: string | null }> {
  const [first = '', ...others] = words;
  const kinds = await Promise.all(others.map(async (word) => ({ word, isBundle: await namesBundle(word) })));
  const rest = kinds.filter(({ isBundle }) => !isBundle).map(({ word }) => word);
  const bundles = [first, ...kinds.filter(({ isBundle }) => isBundle).map(({ word }) => word)];
  if (rest.length === 0) return { bundles, artifact };
  if (rest.length > 1 || artifact !== null || rest[0] !== words.at(-1)) {
    throw new ReproveError('usage', {
      what: `It is not clear what ${rest[0] ?? ''} is.`,
      why: `Names of bundles end in ${ON_COMMAND_LINE.join(', ')}, and one file or package version can follow them.`,
      next: 'Name the file or package version with --artifact, once.',
    });
  }
  return { bundles, artifact: rest[0] ?? null };
}

async function namesBundle(word: string): Promise<boolean> {
  const lower = word.toLowerCase();
  return ON_COMMAND_LINE.some((ending) => lower.endsWith(ending)) || (await isFolder(word));
}

async function isFolder(word: string): Promise<boolean> {
  const found = await stat(word).catch(() => null);
  return found?.isDirectory() === true;
}

/**
 * Reads every bundle in files and folders.
 *
 * @throws ReproveError `usage` when one cannot be read, there are none, or too many
 */
export async function readBundles(places: readonly string[]): Promise<readonly NamedBundle[]> {
  const files = (await Promise.all(places.map(filesAt))).flat();
  const all: NamedBundle[] = [];
  for (const file of files) {
    const parts = splitBundles(await readBundleFile(file));
    const name = path.basename(file);
    all.push(...parts.map((bytes, at) => ({ name: parts.length === 1 ? name : `${name}#${at + 1}`, bytes })));
    if (all.length > MOST) {
      throw new ReproveError('usage', {
        what: 'These are too many attestations to check at once.',
        why: `There are more than ${MOST}.`,
        next: 'Check those of one file at a time.',
      });
    }
  }
  return all;
}

async function filesAt(place: string): Promise<readonly string[]> {
  if (!(await isFolder(place))) return [place];
  const names = (await readdir(place)).filter((name) => IN_FOLDER.some((ending) => name.endsWith(ending)));
  if (names.length > 0) return names.toSorted().map((name) => path.join(place, name));
  throw new ReproveError('usage', {
    what: `There is no attestation in ${place}.`,
    why: `None of its files ends in ${IN_FOLDER.join(', ')}.`,
    next: 'Name the files themselves, or another folder.',
  });
}
