import type { Severity } from '../model/verdict.ts';

/** What can be otherwise than in the batch before. */
export type ChangeKind =
  | 'bytes-changed'
  | 'no-longer-reproduced'
  | 'now-diverged'
  | 'upgrade-diverged'
  | 'new-diverged'
  | 'tag-moved'
  | 'upgrade-not-reproduced'
  | 'new-unverifiable'
  | 'now-reproduced'
  | 'new-reproduced';

export interface ChangeEntry {
  readonly title: string;
  readonly severity: Severity;
  /** Whether it is for the worse. */
  readonly isRegression: boolean;
  /** Section of docs/batch.md. */
  readonly page: string;
}

/** Every kind of change, the worst first. */
export const CHANGES = {
  'bytes-changed': entry('The registry serves other bytes under the same version', 'critical', true),
  'no-longer-reproduced': entry('Was reproduced, and is no longer', 'high', true),
  'now-diverged': entry('Was unverifiable, and diverges now', 'high', true),
  'upgrade-diverged': entry('An upgrade from a reproduced version to one that diverged', 'high', true),
  'new-diverged': entry('New, and diverged', 'high', true),
  'tag-moved': entry('The same tag names another commit', 'high', true),
  'upgrade-not-reproduced': entry(
    'An upgrade from a reproduced version to one that is unverifiable',
    'medium',
    true,
  ),
  'new-unverifiable': entry('New, and unverifiable', 'low', false),
  'now-reproduced': entry('Is reproduced now', 'info', false),
  'new-reproduced': entry('New, and reproduced', 'info', false),
} as const satisfies Record<ChangeKind, ChangeEntry>;

/** All kinds, the worst first. */
export const CHANGE_KINDS = Object.keys(CHANGES) as readonly ChangeKind[];

function entry(title: string, severity: Severity, isRegression: boolean): ChangeEntry {
  return { title, severity, isRegression, page: 'docs/batch.md#what-changed' };
}
