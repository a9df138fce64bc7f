import type { Content, Entry } from '../model/artifact.ts';
import { sameCode } from './code-formatting.ts';
import { sameButForCommentDates } from './comment-dates.ts';
import { sameJsonValue } from './json-formatting.ts';
import { isProseName, sameButForLineEnds } from './line-ends.ts';
import { NORMALIZER_NAMES, type NormalizerName } from './normalizer-names.ts';
import { isScriptName } from './script.ts';
import { isNamedIn, isReadmeName, isShortened } from './shortened-readme.ts';

/** A small rule that may ignore one benign difference between two files of the same path. */
export interface Normalizer {
  readonly title: string;
  /** Where it is explained: what it ignores, and why that cannot carry code that runs. */
  readonly page: string;
  /**
   * Whether this rule may look at a file of this path at all.
   *
   * @param manifest the published one; null where there is none
   */
  appliesTo(path: string, manifest: Content | null): boolean;
  /** Whether the published and the rebuilt bytes are equal but for what the rule ignores. */
  equal(published: Content, rebuilt: Content, path: string): boolean;
}

/** All normalizers. Each one weakens a verdict to level `normalized` and is listed in the result when it was needed. */
export const NORMALIZERS = {
  'json-formatting': {
    title: 'White space of the manifest',
    page: 'docs/normalizers/json-formatting.md',
    // Only the manifest at the root: packers rewrite that one file, and no other.
    appliesTo: (path) => path === 'package.json',
    equal: sameJsonValue,
  },
  'comment-dates': {
    title: 'Dates in comments',
    page: 'docs/normalizers/comment-dates.md',
    appliesTo: isScriptName,
    equal: sameButForCommentDates,
  },
  'code-formatting': {
    title: 'Formatting of code',
    page: 'docs/normalizers/code-formatting.md',
    appliesTo: isScriptName,
    equal: sameCode,
  },
  'line-ends': {
    title: 'Line ends of prose',
    page: 'docs/normalizers/line-ends.md',
    appliesTo: isProseName,
    equal: sameButForLineEnds,
  },
  'shortened-readme': {
    title: 'Lines left out of a README',
    page: 'docs/normalizers/shortened-readme.md',
    appliesTo: (path, manifest) => isReadmeName(path) && !isNamedIn(manifest, path),
    equal: isShortened,
  },
} as const satisfies Record<NormalizerName, Normalizer>;

/** Larger files are never equal but for something. */
const MAX_BYTES = 64 * 1024 ** 2;

/**
 * The first normalizer under which two files are equal, or null.
 *
 * @param manifest the published one; null where there is none
 */
export function normalizerFor(
  published: Entry,
  rebuilt: Entry,
  manifest: Content | null,
): NormalizerName | null {
  if (published.type !== 'file' || rebuilt.type !== 'file' || published.path !== rebuilt.path) return null;
  if (Math.max(published.size, rebuilt.size) > MAX_BYTES) return null;
  const applies = (name: NormalizerName) => {
    const { appliesTo, equal }: Normalizer = NORMALIZERS[name];
    return appliesTo(published.path, manifest) && equal(published.content, rebuilt.content, published.path);
  };
  return NORMALIZER_NAMES.find(applies) ?? null;
}
