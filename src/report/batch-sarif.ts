import type { Log, Result as SarifResult } from 'sarif';
import { REASONS } from '../judge/reasons.ts';
import type { Place } from '../model/inputs.ts';
import { type ReasonCode, SEVERITIES, type Severity } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import type { BatchLine, BatchReport, Change } from './batch-report.ts';
import { batchHeadline } from './batch-words.ts';
import { CHANGES } from './changes.ts';
import { MOST_RESULTS, type Rule, SARIF_LEVELS, sarifLog, uriOf } from './sarif-log.ts';

interface Told extends Rule {
  readonly about: Pick<BatchLine, 'purl' | 'name' | 'version'>;
  readonly message: string;
  /** Null when no file of the user's lists it. */
  readonly place: Place | null;
}

/** A batch as one run of SARIF 2.1.0 (OASIS): what to look at and what changed for the worse, each at its line of each file. */
export function renderBatchSarif(report: BatchReport): Log {
  const all = [...report.lines.flatMap(lineResults), ...report.changes.flatMap(changeResults)].toSorted(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
  const listed = all.slice(0, MOST_RESULTS);
  const rest = all.length - listed.length + report.leftOut.lines + report.leftOut.changes;
  const { tool, counts, series } = report;
  return sarifLog({
    tool,
    rules: listed,
    results: listed.map(resultOf),
    rest,
    properties: { series, counts, headline: visible(batchHeadline(report)) },
  });
}

function lineResults(line: BatchLine): readonly Told[] {
  return at(line.places).map((place) => ({ ...ruleOfLine(line), about: line, message: line.message, place }));
}

function ruleOfLine({ verdict, reason, severity }: BatchLine): Rule {
  switch (verdict) {
    case 'diverged':
    case 'reproduced':
      return {
        ruleId: 'diverged',
        title: 'The package is not what its source gives',
        page: 'docs/batch.md',
        severity,
      };
    case 'unverifiable': {
      const { title, page } = REASONS[reason as ReasonCode];
      return { ruleId: `unverifiable-${reason ?? ''}`, title, page, severity };
    }
    case 'failed':
      return {
        ruleId: 'no-verdict',
        title: 'The package could not be looked at',
        page: 'docs/batch.md',
        severity: atLeastLow(severity),
      };
  }
}

function changeResults(change: Change): readonly Told[] {
  const { title, isRegression, page } = CHANGES[change.kind];
  if (!isRegression) return [];
  const rule = { ruleId: `change-${change.kind}`, title, page, severity: change.severity };
  return at(change.places).map((place) => ({ ...rule, about: change, message: change.message, place }));
}

function at(places: readonly Place[]): readonly (Place | null)[] {
  return places.length === 0 ? [null] : places;
}

function atLeastLow(severity: Severity): Severity {
  return severity === 'none' || severity === 'info' ? 'low' : severity;
}

function resultOf({ ruleId, severity, title, message, about, place }: Told): SarifResult {
  const name = `${about.name}@${about.version}`;
  const file = place?.file ?? name;
  const way = place === null || place.path.length < 2 ? '' : ` (by ${place.path.slice(0, -1).join(' > ')})`;
  return {
    ruleId,
    level: SARIF_LEVELS[severity],
    message: { text: visible(`${name}${way}: ${message}`) || title },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: place?.line ?? 1 },
        },
        logicalLocations: [{ fullyQualifiedName: about.purl, kind: 'package' }],
      },
    ],
    partialFingerprints: {
      'reprove/v1': `${about.purl} ${ruleId} ${file} ${place?.project ?? ''} ${place?.line ?? 1}`,
    },
    properties: { severity },
  };
}
