import type { Digests } from './artifact.ts';

export type Level = 'bytes' | 'tar' | 'contents' | 'normalized';

/** Where an entry's bytes come from. */
export type Origin = 'verbatim' | 'rebuilt' | 'normalized' | 'unexplained';

export type DifferenceKind = 'added' | 'missing' | 'content' | 'mode' | 'type';

/** One difference between the published archive and the rebuilt one, entry by entry. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly path: string;
  /** Null where the entry is missing on that side. */
  readonly published: EntrySummary | null;
  readonly rebuilt: EntrySummary | null;
  /** Whether the published bytes are those that the source commit has at this very path. */
  readonly inCommit: boolean;
}

export interface EntrySummary {
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly sha256: string;
  readonly content: Uint8Array;
}

/** What a normalizer ignored. */
export interface NormalizerUse {
  readonly name: string;
  readonly path: string;
  readonly publishedSha256: string;
  readonly rebuiltSha256: string;
}

/** The published artifact against the rebuilt one. */
export interface Comparison {
  /** The strongest level at which both are equal; null when they differ. */
  readonly level: Level | null;
  readonly origins: Readonly<Record<string, Origin>>;
  readonly differences: readonly Difference[];
  readonly normalizers: readonly NormalizerUse[];
  /** Below level `tar`: which header fields or what order differ, in words. */
  readonly wrapping: readonly string[];
  readonly rebuiltDigests: Digests;
}
