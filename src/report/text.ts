import { SEVERITIES, type Severity } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import {
  type Block,
  type Canvas,
  canvasOf,
  INDENT,
  joined,
  LABEL,
  labelled,
  oneLine,
  type TextOptions,
  verbatim,
} from './canvas.ts';
import type { Report } from './report.ts';
import { evidenceLines } from './evidence-lines.ts';
import { ranked } from './facts.ts';
import { stepLine } from './step-line.ts';
import { wrap } from './wrap.ts';

const MARKS = { reproduced: '✔', diverged: '✘', unverifiable: '?', same: '=', different: '≠' } as const;
const MOST_FINDINGS = 25;
const MOST_SIGNALS = 10;
/** Longer plans are read with `reprove plan` or in the JSON document. */
const MOST_STEPS = 12;

/**
 * The result for a person: what, from which commit, how strong, what differs, what to do.
 * Everything that came from outside has its control characters made visible.
 */
export function renderText(report: Report, options: TextOptions): string {
  const canvas = canvasOf(options);
  const blocks = [
    headBlock,
    factsBlock,
    givenStepsBlock,
    findingsBlock,
    signalsBlock,
    attemptsBlock,
    nextBlock,
  ].map((block) => block(report, canvas));
  return joined(blocks);
}

function headBlock({ verdict, title, asides, headline }: Report, { style, width }: Canvas): Block {
  const mark = style.verdict(verdict, `${MARKS[verdict]} ${verdict.toUpperCase()}`);
  const sentence = wrap(oneLine(headline), width - 2).map((line) => `  ${line}`);
  return [`${mark}  ${style.bold(visible(title))}  ${asides.join(', ')}`, ...sentence];
}

function factsBlock(report: Report, canvas: Canvas): Block {
  return report.facts.flatMap(([label, text]) => labelled(label, text, canvas));
}

/** The commands of a plan that is not ours: the verdict is worth as much as they are. */
function givenStepsBlock(report: Report, canvas: Canvas): Block {
  if (report.plan === null || !report.isPlanGiven) return [];
  const { steps } = report.plan;
  const lines = steps
    .slice(0, MOST_STEPS)
    .map((step) => verbatim(step.phase, stepLine(step, canvas.environment), canvas));
  const rest = steps.length - MOST_STEPS;
  return rest > 0 ? [...lines, `  ... and ${rest} more steps; --json has them all`] : lines;
}

function findingsBlock(report: Report, { style, width }: Canvas): Block {
  const all = ranked(report.findings);
  const lines = all.slice(0, MOST_FINDINGS).flatMap((finding) => {
    const text = `${oneLine(finding.message)} [${finding.kind}]`;
    const [first = '', ...rest] = wrap(text, width - INDENT.length);
    const severity = style.severity(finding.severity, finding.severity.padEnd(LABEL));
    const code = isGrave(finding.severity) ? evidenceLines(finding, { style, width }) : [];
    return [`  ${severity} ${first}`, ...rest.map((line) => `${INDENT}${line}`), ...code];
  });
  const { findings: unlisted } = report.leftOut;
  const rest = all.length + unlisted - MOST_FINDINGS;
  const listed = unlisted > 0 ? `the first ${all.length}` : 'them all';
  return rest > 0 ? [...lines, `  ... and ${rest} more; --json has ${listed}`] : lines;
}

/** Milder differences are named; what they say is in the JSON document. */
function isGrave(severity: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf('medium');
}

function signalsBlock(report: Report, canvas: Canvas): Block {
  return report.signals
    .slice(0, MOST_SIGNALS)
    .flatMap((signal) => labelled('note', `${signal.message} [${signal.kind}]`, canvas));
}

/** Attempts are told when the first one did not settle it, and the log when none did. */
function attemptsBlock(report: Report, canvas: Canvas): Block {
  const { attempts, verdict } = report;
  if (attempts.length < 2 && verdict !== 'unverifiable') return [];
  return attempts.flatMap((attempt) => {
    const took = `${(attempt.durationMs / 1000).toFixed(1)} s`;
    const text = `${attempt.strategy} at ${attempt.commit.slice(0, 12)}, ${took}: ${attempt.outcome}`;
    const log = verdict === 'unverifiable' ? (attempt.log ?? '').split('\n').slice(-8) : [];
    const shown = log
      .filter((line) => line !== '')
      .map((line) => canvas.style.dim(`${INDENT}| ${visible(line)}`));
    return [...labelled('tried', text, canvas), ...shown];
  });
}

function nextBlock(report: Report, canvas: Canvas): Block {
  return labelled('next', report.next, canvas);
}
