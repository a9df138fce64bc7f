import type { Anomaly } from '../model/artifact.ts';
import type { Comparison, Level } from '../model/comparison.ts';
import {
  type Finding,
  type Reason,
  SEVERITIES,
  type Severity,
  type Signal,
  type Verdict,
  worst,
} from '../model/verdict.ts';
import {
  type Context,
  differenceFindings,
  isDifferenceFinding,
  wrappingFinding,
} from './difference-findings.ts';
import { anomalyFinding, forbidsReproduced } from './findings.ts';
import { REASONS } from './reasons.ts';
import type { EntryRole } from './roles.ts';

export interface JudgeRequest extends Context {
  /** Null when nothing was rebuilt; `failure` then says why. */
  readonly comparison: Comparison | null;
  readonly failure: Reason | null;
  /** Anomalies of the published archive. */
  readonly anomalies: readonly Anomaly[];
  /** What each published entry can do, as far as the ecosystem knows; names and first bytes are looked at besides. */
  readonly roles: ReadonlyMap<string, EntryRole>;
  readonly ecosystemFindings: readonly Finding[];
  readonly signals: readonly Signal[];
}

/** The verdict on one package version. */
export interface Judgement {
  readonly verdict: Verdict;
  /** How strong a `reproduced` is; null for every other verdict. */
  readonly level: Level | null;
  /** The worst of the findings; for `unverifiable` also of the reason. Signals keep their own. */
  readonly severity: Severity;
  /** Set exactly when the verdict is `unverifiable`. */
  readonly reason: Reason | null;
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly signals: readonly Signal[];
}

/**
 * Judges: data in, data out. It fails closed: `reproduced` needs a level of equality, no difference, and no finding that
 * forbids it. Bytes that the level does not cover and that can hide something (trailing data, extra gzip members, unknown
 * header records) make it `diverged` although every file is equal.
 */
export function judge(request: JudgeRequest): Judgement {
  const { comparison } = request;
  if (comparison === null || request.failure !== null) return unverifiable(request);
  const findings = [
    ...differenceFindings(comparison, request.roles, request),
    ...request.ecosystemFindings,
    ...request.anomalies.map((one) => anomalyFinding(one, comparison.level)),
    ...[wrappingFinding(comparison)].filter((finding) => finding !== null),
  ].toSorted(byImportance);
  const forbidden = comparison.differences.length > 0 || findings.some(forbidsReproduced);
  const reproduced = comparison.level !== null && !forbidden;
  const severity = worst(findings.map((finding) => finding.severity));
  return Object.freeze({
    verdict: reproduced ? 'reproduced' : 'diverged',
    level: reproduced ? comparison.level : null,
    // A divergence without a finding would be a fault of ours; it must not look harmless.
    severity: !reproduced && severity === 'none' ? 'high' : severity,
    reason: null,
    findings,
    signals: request.signals,
  });
}

function unverifiable(request: JudgeRequest): Judgement {
  const reason: Reason = request.failure ?? {
    code: 'unsupported',
    message: 'Nothing was rebuilt, and no step said why. Please report this.',
  };
  const findings = [
    ...request.ecosystemFindings,
    ...request.anomalies.map((one) => anomalyFinding(one, null)),
  ].toSorted(byImportance);
  return Object.freeze({
    verdict: 'unverifiable',
    level: null,
    severity: worst([REASONS[reason.code].severity, ...findings.map((finding) => finding.severity)]),
    reason,
    findings,
    signals: request.signals,
  });
}

/** The judgement without the verdict that its differences gave: there is a reason not to go by them. */
export function withoutVerdict(judgement: Judgement, reason: Reason): Judgement {
  const findings = judgement.findings.filter(({ kind }) => !isDifferenceFinding(kind));
  const severity = worst([REASONS[reason.code].severity, ...findings.map((finding) => finding.severity)]);
  return Object.freeze({ ...judgement, verdict: 'unverifiable', level: null, severity, reason, findings });
}

/** The worst first; among equals by path and kind, so that the same input gives the same list. */
function byImportance(a: Finding, b: Finding): number {
  const bySeverity = SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
  return bySeverity || compareText(a.path ?? '', b.path ?? '') || compareText(a.kind, b.kind);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
