import type { Log, Result as SarifResult } from 'sarif';
import { FINDINGS, isFindingKind } from '../judge/findings.ts';
import { REASONS } from '../judge/reasons.ts';
import { isSignalKind, SIGNALS } from '../model/signals.ts';
import { visible } from '../published/visible.ts';
import { abilitiesOf, codeOf, dataLinesOf } from './facts.ts';
import type { Report } from './report.ts';
import { MOST_RESULTS, type Rule, SARIF_LEVELS, sarifLog, uriOf } from './sarif-log.ts';

/** Viewers show no result without a line; what concerns a whole file stands at its beginning. */
const FIRST_LINE = 1;
interface Result extends Rule {
  readonly message: string;
  readonly path: string | null;
  /** From 1. */
  readonly line: number;
  /** What stands there, as far as it can be shown. */
  readonly code: string | null;
}

/** The result as one run of SARIF 2.1.0 (OASIS): findings, signals and, for `unverifiable`, the reason are its results. */
export function renderSarif(report: Report): Log {
  const { tool, subject, verdict, level, severity } = report;
  const listed = { ...report, findings: report.findings.slice(0, MOST_RESULTS) };
  const results = [...reasonResults(report), ...findingResults(listed), ...signalResults(report)];
  const rest = report.findings.length + report.leftOut.findings - listed.findings.length;
  return sarifLog({
    tool,
    rules: results,
    results: numbered(results).map((one) => resultOf(one, report)),
    rest,
    properties: { purl: subject.purl, verdict, level, severity, headline: visible(report.headline) },
  });
}

function reasonResults(report: Report): readonly Result[] {
  const { reason } = report;
  if (reason === null) return [];
  const { severity, page, title } = REASONS[reason.code];
  // A package that nobody can verify is worth a look, whatever the reason.
  const shown = severity === 'none' || severity === 'info' ? 'low' : severity;
  const message = `${reason.message} ${report.next}`;
  return [
    {
      ruleId: `unverifiable-${reason.code}`,
      title,
      page,
      severity: shown,
      message,
      path: null,
      line: FIRST_LINE,
      code: null,
    },
  ];
}

function findingResults({ findings }: Report): readonly Result[] {
  return findings.map((finding) => {
    const { kind, severity, message, path } = finding;
    const first = codeOf(finding)?.changes[0];
    const abilities = abilitiesOf([finding]).map(([words, details]) => `It ${words}: ${details}.`);
    const [data] = dataLinesOf(finding);
    const { line } = finding.evidence;
    return {
      ruleId: kind,
      title: isFindingKind(kind) ? FINDINGS[kind].title : kind,
      page: isFindingKind(kind) ? FINDINGS[kind].page : null,
      severity,
      message: [message, ...abilities, ...(data === undefined ? [] : [`Its data: ${data}.`])].join(' '),
      path,
      line: first?.line ?? (typeof line === 'number' ? line : FIRST_LINE),
      code: first?.kind === 'removed' ? null : (first?.code ?? null),
    };
  });
}

function signalResults({ signals }: Report): readonly Result[] {
  return signals.map(({ kind, severity, message }) => ({
    ruleId: `signal-${kind}`,
    title: isSignalKind(kind) ? SIGNALS[kind].title : kind,
    page: isSignalKind(kind) ? SIGNALS[kind].page : null,
    severity,
    message,
    path: null,
    line: FIRST_LINE,
    code: null,
  }));
}

interface Numbered extends Result {
  /** Which of those of the same rule and path it is, from 1. */
  readonly number: number;
}

function numbered(results: readonly Result[]): readonly Numbered[] {
  const counts = new Map<string, number>();
  return results.map((one) => {
    const key = `${one.ruleId} ${one.path ?? ''}`;
    const number = (counts.get(key) ?? 0) + 1;
    counts.set(key, number);
    return { ...one, number };
  });
}

function resultOf(one: Numbered, { subject }: Report): SarifResult {
  const { ruleId, title, severity, message, path, line, code, number } = one;
  const file = path ?? subject.artifact ?? `${subject.name}-${subject.version}`;
  return {
    ruleId,
    level: SARIF_LEVELS[severity],
    message: { text: visible(message) || title },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, ...(code !== null && { snippet: { text: visible(code) } }) },
        },
        logicalLocations: [{ fullyQualifiedName: subject.purl, kind: 'package' }],
      },
    ],
    // Equal ones are taken for the same result, and one of them is not shown.
    partialFingerprints: { 'reprove/v1': `${subject.purl} ${ruleId} ${path ?? ''} ${number}` },
    properties: { severity },
  };
}
