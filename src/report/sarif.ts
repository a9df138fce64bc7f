import type { Invocation, Log, ReportingDescriptor, Result as SarifResult } from 'sarif';
import { FINDINGS, isFindingKind } from '../judge/findings.ts';
import { REASONS } from '../judge/reasons.ts';
import type { Severity } from '../model/verdict.ts';
import { isSignalKind, SIGNALS } from '../model/signals.ts';
import { visible } from '../published/visible.ts';
import { abilitiesOf, codeOf, dataLinesOf } from './facts.ts';
import type { Report } from './report.ts';

/** Of SARIF 2.1.0. */
export const SARIF_SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** What a severity is in SARIF. */
export const SARIF_LEVELS = {
  none: 'none',
  info: 'note',
  low: 'note',
  medium: 'warning',
  high: 'error',
  critical: 'error',
} as const satisfies Record<Severity, string>;

/** Scores in the ranges by which code-scanning viewers name severities (CVSS v3.1, section 5). */
const SCORES = {
  none: '0.0',
  info: '0.0',
  low: '3.0',
  medium: '5.0',
  high: '8.0',
  critical: '9.5',
} as const satisfies Record<Severity, string>;

/** Viewers show no result without a line; what concerns a whole file stands at its beginning. */
const FIRST_LINE = 1;
/** Viewers take no more of a run: of GitHub's 25,000 they show 5,000. The worst come first. */
const MOST_FINDINGS = 5_000;

export interface Rule {
  readonly ruleId: string;
  readonly title: string;
  readonly page: string | null;
  readonly severity: Severity;
}

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
  const listed = { ...report, findings: report.findings.slice(0, MOST_FINDINGS) };
  const results = [...reasonResults(report), ...findingResults(listed), ...signalResults(report)];
  const rest = report.findings.length + report.leftOut.findings - listed.findings.length;
  const rules = new Map(results.map((one) => [one.ruleId, one]));
  return {
    $schema: SARIF_SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: tool.name, semanticVersion: tool.version, rules: [...rules.values()].map(ruleOf) },
        },
        results: numbered(results).map((one) => resultOf(one, report)),
        ...(rest > 0 && { invocations: [withoutAll(rest)] }),
        columnKind: 'utf16CodeUnits',
        properties: { purl: subject.purl, verdict, level, severity, headline: visible(report.headline) },
      },
    ],
  };
}

/** Says that results were left out (SARIF 2.1.0, 3.20.21). */
export function withoutAll(rest: number): Invocation {
  const text = `${rest} more findings, none of them worse, are not listed here.`;
  return {
    executionSuccessful: true,
    toolExecutionNotifications: [{ level: 'warning', message: { text } }],
  };
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

/** A rule that results refer to. */
export function ruleOf({ ruleId, title, page, severity }: Rule): ReportingDescriptor {
  return {
    id: ruleId,
    shortDescription: { text: title },
    fullDescription: { text: `${title}.` },
    help: { text: page === null ? `${title}.` : `See ${page} of reprove.` },
    defaultConfiguration: { level: SARIF_LEVELS[severity] },
    properties: { 'security-severity': SCORES[severity], tags: ['security', 'supply-chain'] },
  };
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

/** A path as a relative URI (RFC 3986), never an empty one; names from outside can hold anything. */
export function uriOf(path: string): string {
  const parts = path.split('/').map((part) => encodeURIComponent(part.toWellFormed()));
  const uri = parts.map((part) => (/^\.{1,2}$/.test(part) ? part.replaceAll('.', '%2E') : part)).join('/');
  return uri.replace(/^\/+/, (slashes) => '%2F'.repeat(slashes.length)) || 'package';
}
