import type { Archive, Artifact, Content, Digests, Entry } from '../model/artifact.ts';
import { sameBytes } from '../model/content.ts';
import type { Comparison, Difference, Exact, Level, NormalizerUse, Origin } from '../model/comparison.ts';
import type { Source } from '../model/source.ts';
import { digestsOf } from '../published/digests.ts';
import { countedEntries, difference, differencesOf, EntriesByPath } from './entries.ts';
import { commitLookup } from './explained.ts';
import { normalizerFor } from './normalizers.ts';
import { wrappingDifferences } from './wrapping.ts';

export interface Rebuilt {
  readonly bytes: Content;
  readonly archive: Archive;
  /** Of the bytes, where they are known. */
  readonly digests?: Digests;
}

export interface CompareRequest {
  readonly published: Artifact;
  readonly rebuilt: Rebuilt;
  readonly source: Source;
  /** What made the rebuilt bytes. */
  readonly made: Exact;
}

/**
 * Compares the published artifact with the rebuilt one: the strongest level at which both are equal, where the bytes of
 * every published entry come from, and every difference that no named normalizer ignores. Pure.
 */
export function compare({ published, rebuilt, source, made }: CompareRequest): Comparison {
  const paths = comparePaths({ published: published.archive, rebuilt: rebuilt.archive, source });
  const digests = rebuilt.digests ?? digestsOf(rebuilt.bytes);
  const level = levelOf({ published, rebuilt, digests, paths });
  return Object.freeze({
    level,
    origins: Object.freeze(
      Object.fromEntries(paths.flatMap(({ path, origin }) => (origin === null ? [] : [[path, origin]]))),
    ),
    differences: Object.freeze(paths.flatMap((path) => path.differences)),
    normalizers: Object.freeze(paths.flatMap((path) => path.normalizers)),
    wrapping:
      level === null || level === 'bytes' ? [] : wrappingDifferences(published.archive, rebuilt.archive),
    exact: level === 'bytes' ? made : null,
    rebuiltDigests: digests,
  });
}

const NOTHING = { differences: [], normalizers: [] } as const;

/** What became of one path. */
interface PathResult {
  readonly path: string;
  /** Null where the path is not published. */
  readonly origin: Origin | null;
  readonly differences: readonly Difference[];
  readonly normalizers: readonly NormalizerUse[];
}

function levelOf({
  published,
  rebuilt,
  digests,
  paths,
}: {
  published: Artifact;
  rebuilt: Rebuilt;
  /** Of the rebuilt file. */
  digests: Digests;
  paths: readonly PathResult[];
}): Level | null {
  // Differences rule even over equal bytes: were both ever to be said of the same files, one of the readings is wrong.
  if (paths.some((path) => path.differences.length > 0)) return null;
  const isSameFile = published.digests.sha512 === digests.sha512 && sameBytes(published.bytes, rebuilt.bytes);
  if (isSameFile) return 'bytes';
  if (paths.some((path) => path.normalizers.length > 0)) return 'normalized';
  return sameBytes(published.archive.tar, rebuilt.archive.tar) ? 'tar' : 'contents';
}

interface Sides {
  readonly published: Archive;
  readonly rebuilt: Archive;
  readonly source: Source;
}

function comparePaths({ published, rebuilt, source }: Sides): readonly PathResult[] {
  const inCommit = commitLookup(source);
  const ours = new EntriesByPath(countedEntries(published));
  const theirs = new EntriesByPath(countedEntries(rebuilt));
  const manifest = ours.at('package.json').at(-1)?.content ?? null;
  return [...new Set([...ours.paths, ...theirs.paths])].map((path) =>
    comparePath({ path, published: ours.at(path), rebuilt: theirs.at(path), inCommit, manifest }),
  );
}

interface OnePath {
  readonly path: string;
  readonly published: readonly Entry[];
  readonly rebuilt: readonly Entry[];
  readonly inCommit: (entry: Entry) => boolean;
  /** The published one, if there is one. */
  readonly manifest: Content | null;
}

/**
 * Occurrences of a path are paired in the order in which they are stored. Where a path occurs more than once, what is
 * installed depends on the reader: no occurrence may then be explained away by a normalizer or by the commit.
 */
function comparePath({ path, published, rebuilt, inCommit, manifest }: OnePath): PathResult {
  const single = published.length <= 1 && rebuilt.length <= 1;
  const differences: Difference[] = [];
  const normalizers: NormalizerUse[] = [];
  for (let index = 0; index < Math.max(published.length, rebuilt.length); index++) {
    const [ours, theirs] = [published[index] ?? null, rebuilt[index] ?? null];
    const verbatim = ours !== null && single && inCommit(ours);
    if (ours === null || theirs === null) {
      const kind = theirs === null ? 'added' : 'missing';
      differences.push(difference({ kind, published: ours, rebuilt: theirs, inCommit: verbatim }));
      continue;
    }
    const kinds = differencesOf(ours, theirs);
    const normalizer = single && kinds.includes('content') ? normalizerFor(ours, theirs, manifest) : null;
    for (const kind of kinds) {
      if (kind === 'content' && normalizer !== null) {
        normalizers.push({
          name: normalizer,
          path,
          publishedSha256: ours.sha256,
          rebuiltSha256: theirs.sha256,
        });
      } else {
        differences.push(difference({ kind, published: ours, rebuilt: theirs, inCommit: verbatim }));
      }
    }
  }
  const [first] = published;
  const origin =
    first === undefined ? null : originOf({ entry: first, single, differences, normalizers, inCommit });
  // Nearly every path has neither: an empty list each would be most of what is kept of it.
  if (differences.length === 0 && normalizers.length === 0) return { path, origin, ...NOTHING };
  return { path, origin, differences, normalizers };
}

interface OriginRequest {
  readonly entry: Entry;
  readonly single: boolean;
  readonly differences: readonly Difference[];
  readonly normalizers: readonly NormalizerUse[];
  readonly inCommit: (entry: Entry) => boolean;
}

/** An origin is about bytes: another mode is a difference, but the bytes still come from where they come from. */
function originOf({ entry, single, differences, normalizers, inCommit }: OriginRequest): Origin {
  if (differences.some(({ kind }) => kind !== 'mode')) return 'unexplained';
  if (normalizers.length > 0) return 'normalized';
  return single && inCommit(entry) ? 'verbatim' : 'rebuilt';
}
