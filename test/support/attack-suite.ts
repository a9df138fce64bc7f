import { expect, type TestContext } from 'vitest';
import type { Row } from './attack-rows.ts';
import type { Level, NormalizerUse } from '../../src/model/comparison.ts';
import {
  type Finding,
  isHigh,
  type Reason,
  type Severity,
  type Signal,
  type Verdict,
} from '../../src/model/verdict.ts';

/** What must come out. A finding or signal more is no failure; one less is. */
export interface Expected {
  /** `refused`: it cannot be read in one way only, and is not judged. */
  readonly verdict: Verdict | 'refused';
  readonly level?: Level;
  readonly severity?: Severity;
  readonly reason?: Reason['code'];
  /** Findings that must be among those that come out: kind, severity and path. */
  readonly found?: readonly (readonly [kind: string, severity: Severity, path: string | null])[];
  /** Signals that must be among those that come out; an empty list: none may. */
  readonly signals?: readonly string[];
  /** Normalizers that must be named, and no other. */
  readonly ignored?: readonly string[];
}

/** What came out; null where the archive was refused. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly level: Level | null;
  readonly severity: Severity;
  readonly reason: Reason | null;
  readonly findings: readonly Finding[];
  readonly signals: readonly Signal[];
  readonly normalizers: readonly Pick<NormalizerUse, 'name'>[];
}

/** One line of the suite's table. */
export interface AttackRecord {
  readonly row: Row;
  readonly attack: string;
  /** The package that it was tried on. */
  readonly on: string;
  readonly expected: string;
  readonly came: string;
}

declare module 'vitest' {
  interface TaskMeta {
    attack?: AttackRecord;
  }
}

/** Notes for the suite's table what was expected and what came out, then fails where it is not the same. */
export function expectOutcome(
  { task }: Pick<TestContext, 'task'>,
  attempt: Pick<AttackRecord, 'row' | 'attack' | 'on'> & {
    readonly expected: Expected;
    readonly came: Outcome | null;
  },
): void {
  const { row, attack, on, expected, came } = attempt;
  task.meta.attack = { row, attack, on, expected: expectedWords(expected), came: cameWords(came, expected) };
  const verdict = came?.verdict ?? 'refused';
  expect(verdict, task.meta.attack.came).toBe(expected.verdict);
  if (came === null) return;
  expect(came.findings.map(keyOf)).toEqual(expect.arrayContaining([...foundOf(expected)]));
  const high = came.findings.filter(({ severity }) => isHigh(severity));
  if (came.verdict === 'reproduced') expect(high).toEqual([]);
  if (expected.level !== undefined) expect(came.level).toBe(expected.level);
  if (expected.severity !== undefined) expect(came.severity).toBe(expected.severity);
  if (expected.reason !== undefined) expect(came.reason?.code).toBe(expected.reason);
  const signals = came.signals.map(({ kind }) => kind);
  if (expected.signals?.length === 0) expect(signals).toEqual([]);
  else expect(signals).toEqual(expect.arrayContaining([...(expected.signals ?? [])]));
  if (expected.ignored !== undefined) expect(ignoredIn(came)).toEqual(expected.ignored);
}

function keyOf({ kind, severity, path }: Pick<Finding, 'kind' | 'severity' | 'path'>): string {
  return `${kind} ${severity}${path === null ? '' : ` ${path}`}`;
}

function foundOf({ found = [] }: Expected): readonly string[] {
  return found.map(([kind, severity, path]) => keyOf({ kind, severity, path }));
}

function ignoredIn({ normalizers }: Outcome): readonly string[] {
  return [...new Set(normalizers.map(({ name }) => name))].toSorted();
}

function expectedWords(expected: Expected): string {
  const { verdict, level, severity, reason, signals, ignored = [] } = expected;
  return sentence(verdict, [
    ...[level, severity, reason].filter((one) => one !== undefined),
    ...foundOf(expected),
    ...(signals ?? []).map((kind) => `signal ${kind}`),
    ...(signals?.length === 0 ? ['no signal'] : []),
    ...ignored.map((name) => `ignored by ${name}`),
  ]);
}

/** What was asked for first; of the rest as much as fits. */
function cameWords(came: Outcome | null, expected: Expected): string {
  if (came === null) return 'refused';
  const wanted = foundOf(expected);
  const all = came.findings.map(keyOf);
  const found = [...wanted.filter((one) => all.includes(one)), ...all.filter((one) => !wanted.includes(one))];
  return sentence(came.verdict, [
    ...[came.level, came.reason?.code].filter((one) => one != null),
    ...found.slice(0, Math.max(MOST_FOUND, wanted.length)),
    ...(found.length > MOST_FOUND ? [`${found.length} findings in all`] : []),
    ...came.signals.map(({ kind }) => `signal ${kind}`),
    ...ignoredIn(came).map((name) => `ignored by ${name}`),
  ]);
}

const MOST_FOUND = 3;

function sentence(verdict: string, rest: readonly string[]): string {
  return rest.length === 0 ? verdict : `${verdict}: ${rest.join(', ')}`;
}
