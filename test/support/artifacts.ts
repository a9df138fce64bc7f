import type { Archive, Artifact } from '../../src/model/artifact.ts';
import type { Published } from '../../src/ecosystem.ts';
import type { Comparison } from '../../src/model/comparison.ts';
import type { Source } from '../../src/model/source.ts';
import { compare } from '../../src/compare/compare.ts';
import { readArchive } from '../../src/published/archive.ts';
import { digestsOf, gitBlobId } from '../../src/published/digests.ts';
import type { Files } from './tarball.ts';

/** Reads a tarball that is meant to be readable. */
export function archiveOf(bytes: Uint8Array): Archive {
  const outcome = readArchive(bytes);
  if (!outcome.ok) throw new Error(outcome.reason.message);
  return outcome.value;
}

/** A tarball as a published artifact. */
export function artifactOf(bytes: Uint8Array): Artifact {
  return { fileName: 'fixture-1.0.0.tgz', bytes, digests: digestsOf(bytes), archive: archiveOf(bytes) };
}

/** What a registry without any more to say has of `pkg` at a version. */
export function publishedOf(bytes: Uint8Array, version: string): Published {
  return {
    subject: { ecosystem: 'npm', name: 'pkg', version, purl: `pkg:npm/pkg@${version}` },
    artifact: artifactOf(bytes),
    publishedAt: null,
    claims: {
      name: 'pkg',
      version,
      repository: null,
      directory: null,
      commits: [],
      otherRepositories: [],
      manifest: null as never,
    },
    signals: [],
    checked: [],
    absent: [],
    signer: null,
    document: null,
  };
}

/** A commit that holds some files, by path from the root of its repository. */
export function sourceOf(files: Files, directory = '.'): Source {
  return {
    repository: 'https://example.com/fixture.git',
    commit: 'c'.repeat(40),
    ref: null,
    directory,
    committedAt: '2026-01-01T00:00:00.000Z',
    evidence: [],
    tree: Object.entries(files).map(([path, content]) => ({
      path,
      blobId: gitBlobId(Buffer.from(content)),
      mode: '100644',
    })),
  };
}

/** What comparisons of tests say of the rebuilt side. */
export const MADE = { packer: 'a packer', gzip: 'as packed' } as const;

export interface TarballPair {
  readonly published: Uint8Array;
  readonly rebuilt: Uint8Array;
  /** Files of the commit; default none. */
  readonly commit?: Files;
  readonly directory?: string;
}

/** Compares two tarballs as the pipeline does. */
export function compareTarballs({
  published,
  rebuilt,
  commit = {},
  directory = '.',
}: TarballPair): Comparison {
  return compare({
    published: artifactOf(published),
    rebuilt: { bytes: rebuilt, archive: archiveOf(rebuilt) },
    source: sourceOf(commit, directory),
    made: MADE,
  });
}
