import type { Evidence } from '../model/source.ts';
import type { Repository } from './repository.ts';
import type { ManifestReader, StatedIdentity } from './manifest.ts';

/** What is needed of the claims to find a directory. */
export interface PackageClaims {
  readonly name: string;
  /** Directory inside the repository, when stated. */
  readonly directory: string | null;
  readonly manifest: ManifestReader;
}

/** Test trees hold manifests that carry the name of the package they test. */
const NOT_THE_PACKAGE =
  /(^|\/)(test|tests|fixtures?|__tests__|examples?|samples?|node_modules|dist|build)(\/|$)/;

/** Where a package lies at a commit. */
interface Place {
  readonly directory: string;
  /** The version that its manifest states. */
  readonly version: string | null;
  readonly evidence: Evidence;
}

/**
 * Finds the directory of a package at a commit: the stated one, the root, or wherever a manifest has its name. A root that nobody
 * may publish gives way to a package of its name.
 *
 * @returns null when no manifest of the commit has the name
 */
export async function directoryOf(
  repository: Repository,
  commit: string,
  claims: PackageClaims,
): Promise<Place | null> {
  const { manifest } = claims;
  const stated = claims.directory === null ? null : normalDirectory(claims.directory);
  let privateRoot: Place | null = null;
  for (const directory of new Set([stated ?? '.', '.'])) {
    const read = await manifestAt(repository, commit, inDirectory(directory, manifest.fileName), manifest);
    if (read?.name !== claims.name) continue;
    const how =
      directory === stated ? 'the document names this directory' : 'its manifest at the root has the name';
    const place = placeOf(directory, read, how);
    if (directory === stated || !read.isPrivate) return place;
    privateRoot = place;
  }
  const hits = await repository.grep({
    commit,
    expression: manifest.nameLine(claims.name),
    fileName: manifest.fileName,
  });
  const ranked = hits
    .filter((file) => privateRoot === null || (file !== manifest.fileName && rank(file) === 0))
    .toSorted((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1));
  for (const file of ranked.slice(0, 20)) {
    const read = await manifestAt(repository, commit, file, manifest);
    if (read?.name !== claims.name || (privateRoot !== null && read.isPrivate)) continue;
    const directory = file === manifest.fileName ? '.' : file.slice(0, -manifest.fileName.length - 1);
    return placeOf(directory, read, `found by the name in its ${manifest.fileName}`);
  }
  return privateRoot;
}

function placeOf(directory: string, { version }: StatedIdentity, how: string): Place {
  return { directory, version, evidence: { kind: 'directory', detail: `${directory}: ${how}` } };
}

function rank(file: string): number {
  return NOT_THE_PACKAGE.test(file) ? 1 : 0;
}

async function manifestAt(
  repository: Repository,
  commit: string,
  file: string,
  manifest: ManifestReader,
): Promise<StatedIdentity | null> {
  const text = await repository.readText(commit, file);
  return text === null ? null : manifest.read(text);
}

const LONGEST_DIRECTORY = 1024;

/** A stated directory as a clean relative path; null when it would leave the repository or can be no directory. */
export function normalDirectory(text: string): string | null {
  if (text.length > LONGEST_DIRECTORY || /\p{Cc}/u.test(text)) return null;
  const components = text.split('/').filter((one) => one !== '' && one !== '.');
  if (components.includes('..')) return null;
  return components.length === 0 ? '.' : components.join('/');
}

/** A file of a directory as git names it. */
export function inDirectory(directory: string, file: string): string {
  return directory === '.' ? file : `${directory}/${file}`;
}
