import type { PlanRequest } from '../../src/ecosystem.ts';
import { join } from './install-root.ts';

/** Files for people that release tools (lerna among them) copy into the folders that they publish. */
const DOCUMENT = /^(?:licen[sc]e|copying|notice|readme|changelog|history|authors|security)(?:[-.][\w.-]*)?$/i;
/** What runs, or is loaded, is no document whatever it is called. */
const PROGRAM = /\.(?:[cm]?[jt]sx?|json|node|wasm|sh|cmd|exe)$/i;

export function isDocument(path: string): boolean {
  return DOCUMENT.test(path) && !PROGRAM.test(path);
}

/**
 * The files for people in the root of the published package that the commit has with the very same bytes, in the package's own
 * folder or in the repository's root.
 *
 * @returns their paths in the repository
 */
export function documentsOfCommit({
  source,
  published,
}: Pick<PlanRequest, 'source' | 'published'>): readonly string[] {
  const blobs = new Map(source.tree.map((file) => [file.path, file.blobId]));
  return published.artifact.archive.entries.flatMap(({ type, path, blobId }) => {
    if (type !== 'file' || !isDocument(path)) return [];
    const places = [join(source.directory, path), path];
    return places.find((place) => blobs.get(place) === blobId) ?? [];
  });
}
