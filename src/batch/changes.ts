import { CHANGE_KINDS, type ChangeKind } from '../report/changes.ts';
import type { Outcome } from '../store/history.ts';

/** A change, before anybody wants to know where its package stands. */
export interface Found {
  readonly kind: ChangeKind;
  readonly now: Outcome;
  /** Of the same package version, or of the version that this one stands in for; null for what is new. */
  readonly before: Outcome | null;
}

/**
 * What is otherwise in a batch than before it, the worst first. Pure.
 *
 * @param before what was last known of each package version; one without a verdict is as if it had not been there
 */
export function changesBetween(before: readonly Outcome[], now: readonly Outcome[]): readonly Found[] {
  const known = new Map(before.flatMap((one) => (one.verdict === null ? [] : [[one.purl, one]])));
  const listed = new Set(now.map(({ purl }) => purl));
  const gone = Map.groupBy(
    before.filter(({ purl }) => !listed.has(purl)),
    ({ name }) => name,
  );
  const changes = now.flatMap((outcome): readonly Found[] => {
    const same = known.get(outcome.purl);
    if (same !== undefined)
      return kindsOf(same, outcome).map((kind) => ({ kind, now: outcome, before: same }));
    const reproduced = gone.get(outcome.name)?.find(({ verdict }) => verdict === 'reproduced') ?? null;
    const kind = kindOfNew(outcome, reproduced);
    return kind === null ? [] : [{ kind, now: outcome, before: reproduced }];
  });
  return changes.toSorted((a, b) => CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind));
}

/** Of a package version that the batch before had as well. */
function kindsOf(before: Outcome, now: Outcome): readonly ChangeKind[] {
  if (before.result_id === now.result_id) return [];
  const kinds: ChangeKind[] = [];
  if (differ(before.sha512, now.sha512)) kinds.push('bytes-changed');
  const was = before.verdict === 'reproduced';
  const is = now.verdict === 'reproduced';
  // What could not be looked at has no verdict, and says nothing against the one before.
  if (was && !is && now.verdict !== null) kinds.push('no-longer-reproduced');
  if (before.verdict === 'unverifiable' && now.verdict === 'diverged') kinds.push('now-diverged');
  if (!was && is) kinds.push('now-reproduced');
  const sameRef = before.ref !== null && before.ref === now.ref && before.repository === now.repository;
  if (sameRef && differ(before.commit_id, now.commit_id)) kinds.push('tag-moved');
  return kinds;
}

/**
 * What a package version is that was not there before; null without a verdict. Pure.
 *
 * @param reproduced the version that was there in its place, when that was reproduced
 */
export function kindOfNew(
  { verdict }: Pick<Outcome, 'verdict'>,
  reproduced: object | null,
): ChangeKind | null {
  switch (verdict) {
    case null:
      return null;
    case 'diverged':
      return reproduced === null ? 'new-diverged' : 'upgrade-diverged';
    case 'unverifiable':
      return reproduced === null ? 'new-unverifiable' : 'upgrade-not-reproduced';
    case 'reproduced':
      return 'new-reproduced';
  }
}

function differ(before: string | null, now: string | null): boolean {
  return before !== null && now !== null && before !== now;
}
