import type { Content, Digests } from './artifact.ts';

/** How strong an equality is, from the weakest to the strongest. */
export const LEVELS = ['normalized', 'contents', 'tar', 'bytes'] as const;
export type Level = (typeof LEVELS)[number];

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
  readonly content: Content;
}

/** What a normalizer ignored. */
export interface NormalizerUse {
  readonly name: string;
  readonly path: string;
  readonly publishedSha256: string;
  readonly rebuiltSha256: string;
}

/** What gives exactly the published bytes, in words. */
export interface Exact {
  /** For example `npm 6.14.18`. */
  readonly packer: string;
  /** The encoder, its level and the system that the header names, or `AS_PACKED`. */
  readonly gzip: string;
}

/** Of an archive that nobody had to compress again. */
export const AS_PACKED = 'as packed';

/** The published artifact against the rebuilt one. */
export interface Comparison {
  /** The strongest level at which both are equal; null when they differ. */
  readonly level: Level | null;
  readonly origins: Readonly<Record<string, Origin>>;
  readonly differences: readonly Difference[];
  readonly normalizers: readonly NormalizerUse[];
  /** Below level `bytes`: which header fields, what order or which encoder differ, in words. */
  readonly wrapping: readonly string[];
  /** Null below level `bytes`. */
  readonly exact: Exact | null;
  readonly rebuiltDigests: Digests;
}
