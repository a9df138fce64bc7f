import type { Difference } from '../model/comparison.ts';
import { explainAll } from './explain-all.ts';

const MOST_FILES = 2;
const MOST_CHANGES = 3;

/**
 * Whether differences have the shape of something slipped in: statements that were only added, in one or two scripts, and
 * that can do something. No other version of a tool makes these, so that looking for one is in vain.
 */
export async function isSlippedIn(differences: readonly Difference[]): Promise<boolean> {
  const isContent = differences.every(({ kind }) => kind === 'content');
  if (!isContent || differences.length === 0 || differences.length > MOST_FILES) return false;
  const explained = await explainAll(differences);
  if (explained.size < differences.length) return false;
  return [...explained.values()].every((one) => {
    if (!('capabilities' in one) || one.total === 0 || one.total > MOST_CHANGES) return false;
    return one.capabilities.length > 0 && one.changes.every(({ kind }) => kind === 'added');
  });
}
