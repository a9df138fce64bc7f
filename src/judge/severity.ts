import type { Difference } from '../model/comparison.ts';
import { SEVERITIES, type Severity } from '../model/verdict.ts';
import type { EntryRole } from './roles.ts';

type Effect = 'added' | 'changed' | 'missing';

/** Severity follows what an entry can do: code that nobody can explain weighs more than prose that nobody can. */
const BY_ROLE = {
  'runs-on-install': { added: 'critical', changed: 'critical', missing: 'medium' },
  'runs-on-import': { added: 'high', changed: 'high', missing: 'medium' },
  executable: { added: 'high', changed: 'high', missing: 'medium' },
  code: { added: 'high', changed: 'high', missing: 'medium' },
  data: { added: 'medium', changed: 'medium', missing: 'low' },
  'read-by-people': { added: 'low', changed: 'low', missing: 'low' },
} as const satisfies Record<EntryRole, Record<Effect, Severity>>;

const EXECUTE = 0o111;
const SET_ID = 0o7000;

/** How bad a difference is, given what the entry can do. */
export function severityOf(difference: Difference, role: EntryRole): Severity {
  if (difference.kind === 'type') return 'high';
  if (difference.kind === 'mode') return modeSeverity(difference, role);
  if (difference.kind === 'missing') return BY_ROLE[role].missing;
  const severity = BY_ROLE[role][difference.kind === 'added' ? 'added' : 'changed'];
  // The bytes are in the reviewed source at this very path; only that they are published is unexplained.
  const isReviewed = difference.kind === 'added' && difference.inCommit;
  return isReviewed && (role === 'code' || role === 'data') ? oneLower(severity) : severity;
}

function modeSeverity({ published, rebuilt }: Difference, role: EntryRole): Severity {
  const ours = published?.mode ?? 0;
  const changed = ours ^ (rebuilt?.mode ?? 0);
  if ((ours & changed & SET_ID) !== 0) return 'high';
  if ((ours & changed & EXECUTE) === 0) return 'low';
  return role === 'read-by-people' ? 'low' : 'medium';
}

function oneLower(severity: Severity): Severity {
  const index = SEVERITIES.indexOf(severity);
  return SEVERITIES[Math.max(index - 1, SEVERITIES.indexOf('low'))] ?? severity;
}
