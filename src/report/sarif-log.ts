import type { Invocation, Log, ReportingDescriptor, Result } from 'sarif';
import type { Severity } from '../model/verdict.ts';

/** Of SARIF 2.1.0. */
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

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

/** Viewers take no more of a run: of GitHub's 25,000 they show 5,000. The worst come first. */
export const MOST_RESULTS = 5_000;

/** What results are instances of. Its id is of one level: viewers take what stands behind a slash for a part of another rule. */
export interface Rule {
  readonly ruleId: string;
  readonly title: string;
  readonly page: string | null;
  readonly severity: Severity;
}

/**
 * A log of SARIF 2.1.0 (OASIS) with one run.
 *
 * @param run.rules of the results; one that is there twice is listed once
 * @param run.rest how many results are not listed
 */
export function sarifLog(run: {
  readonly tool: { readonly name: string; readonly version: string };
  readonly rules: readonly Rule[];
  readonly results: Result[];
  readonly rest: number;
  readonly properties: Readonly<Record<string, unknown>>;
}): Log {
  const { tool, results, rest, properties } = run;
  const rules = new Map(run.rules.map((one) => [one.ruleId, one]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: tool.name, semanticVersion: tool.version, rules: [...rules.values()].map(ruleOf) },
        },
        results,
        ...(rest > 0 && { invocations: [withoutAll(rest)] }),
        columnKind: 'utf16CodeUnits',
        properties,
      },
    ],
  };
}

/** Says that results were left out (SARIF 2.1.0, 3.20.21). */
function withoutAll(rest: number): Invocation {
  const text = `${rest} more findings, none of them worse, are not listed here.`;
  return {
    executionSuccessful: true,
    toolExecutionNotifications: [{ level: 'warning', message: { text } }],
  };
}

/** A rule that results refer to. */
function ruleOf({ ruleId, title, page, severity }: Rule): ReportingDescriptor {
  return {
    id: ruleId,
    shortDescription: { text: title },
    fullDescription: { text: `${title}.` },
    help: { text: page === null ? `${title}.` : `See ${page} of reprove.` },
    defaultConfiguration: { level: SARIF_LEVELS[severity] },
    properties: { 'security-severity': SCORES[severity], tags: ['security', 'supply-chain'] },
  };
}

/** A path as a relative URI (RFC 3986), never an empty one; names from outside can hold anything. */
export function uriOf(path: string): string {
  const parts = path.split('/').map((part) => encodeURIComponent(part.toWellFormed()));
  const uri = parts.map((part) => (/^\.{1,2}$/.test(part) ? part.replaceAll('.', '%2E') : part)).join('/');
  return uri.replace(/^\/+/, (slashes) => '%2F'.repeat(slashes.length)) || 'package';
}
