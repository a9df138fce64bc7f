import type { Place } from '../model/inputs.ts';
import { type BatchCounts, type BatchReport, coverageOf } from './batch-report.ts';
import { CHANGE_KINDS, CHANGES, type ChangeKind } from './changes.ts';

/** `71.4 %` */
export function percent(counts: BatchCounts): string {
  return `${(coverageOf(counts) * 100).toFixed(1)} %`;
}

/** The counts in words, without those that are 0. */
export function countWords(counts: BatchCounts): readonly string[] {
  const { reproduced, diverged, unverifiable, failed, waiting } = counts;
  const words: readonly (readonly [number, string])[] = [
    [reproduced, 'reproduced'],
    [diverged, 'diverged'],
    [unverifiable, 'unverifiable'],
    [failed, 'without a verdict'],
    [waiting, 'not done yet'],
  ];
  return words.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : []));
}

/** The batch in one sentence. */
export function batchHeadline({ counts }: BatchReport): string {
  const total = counts.total === 1 ? '1 package version' : `${counts.total} package versions`;
  return `${total}: ${countWords(counts).join(', ')}. ${percent(counts)} come from their source.`;
}

/** Where a package stands first, and in how many other places. */
export function placeWords(places: readonly Place[]): string {
  const [first] = places;
  if (first === undefined) return '';
  const rest = places.length - 1;
  return `${first.file}:${first.line}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** The changes by kind, the worst first; kinds without any are left out. */
export function changesByKind({
  changes,
}: BatchReport): readonly (readonly [kind: ChangeKind, all: BatchReport['changes']])[] {
  const groups = Map.groupBy(changes, ({ kind }) => kind);
  return CHANGE_KINDS.flatMap((kind) => {
    const all = groups.get(kind);
    return all === undefined ? [] : [[kind, all] as const];
  });
}

/** What is told package by package: for the better, a count is enough. */
export function isTold(kind: ChangeKind): boolean {
  return CHANGES[kind].isRegression || kind === 'new-unverifiable';
}

/** What to do now. */
export function batchNext({ counts, changes }: BatchReport): string {
  if (changes.some(({ kind }) => CHANGES[kind].isRegression))
    return 'Look at what changed for the worse first; "reprove verify <package version>" shows each difference.';
  if (counts.diverged > 0)
    return 'Look at what diverged; "reprove verify <package version>" shows each difference.';
  if (counts.failed > 0) return 'Run the same command again: what has no verdict is tried again.';
  if (counts.waiting > 0) return 'Run the same command again to go on.';
  return counts.unverifiable > 0
    ? 'Nothing is alarming. What is unverifiable has not been shown to come from its source.'
    : 'Nothing. Remember what this does not say: that the sources themselves are honest.';
}
