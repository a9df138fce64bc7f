import { SEVERITIES, type Severity } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import type { ResultDocument } from './document.ts';
import { headline, nextSteps } from './sentences.ts';
import { type Style, styleFor } from './style.ts';

const MARKS = { reproduced: '✔', diverged: '✘', unverifiable: '?' } as const;
const MOST_FINDINGS = 25;
const MOST_SIGNALS = 10;

/**
 * The result for a person: what, from which commit, how strong, what differs, what to do.
 * Everything that came from outside has its control characters made visible.
 */
export function renderText(document: ResultDocument, options: { color: boolean; width: number }): string {
  const style = styleFor(options.color);
  const blocks = [
    headBlock(document, style),
    factsBlock(document, style),
    findingsBlock(document, style),
    signalsBlock(document, style),
    attemptsBlock(document, style),
    nextBlock(document, style),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

type Block = readonly string[];

function headBlock(document: ResultDocument, style: Style): Block {
  const { verdict, subject, level, reason, severity } = document;
  const aside = [
    level === null ? '' : `level: ${level}`,
    reason === null ? '' : reason.code,
    verdict === 'diverged' ? `severity: ${severity}` : '',
  ].filter((one) => one !== '');
  const mark = style.verdict(verdict, `${MARKS[verdict]} ${verdict.toUpperCase()}`);
  const name = style.bold(visible(`${subject.name}@${subject.version}`));
  return [`${mark}  ${name}  ${aside.join(', ')}`, `  ${visible(headline(document))}`];
}

function factsBlock(document: ResultDocument, style: Style): Block {
  const { source, plan, sandbox, comparison, rebuilt, subject } = document;
  const facts: [string, string][] = [];
  if (subject.digests !== null)
    facts.push(['artifact', `${subject.artifact ?? ''}  sha512 ${subject.digests.sha512.slice(0, 16)}…`]);
  if (source !== null) {
    const ref = source.ref === null ? '' : `  ${source.ref.replace(/^refs\/(tags|heads)\//, '')}`;
    const place = source.directory === '.' ? '' : `  in ${source.directory}`;
    facts.push(['source', `${source.repository}${ref}  ${source.commit.slice(0, 12)}${place}`]);
    facts.push(['because', source.evidence.map((one) => one.detail).join('; ')]);
  }
  if (plan !== null) {
    const tools = Object.entries(plan.toolchain).map(([role, version]) => `${role} ${version}`);
    const where = sandbox === null ? '' : ` on ${sandbox.engine}, image ${sandbox.image.slice(7, 19)}`;
    facts.push(['rebuilt', `${plan.strategy} with ${tools.join(', ')}${where}`]);
  }
  if (rebuilt !== null && rebuilt.materials > 0) {
    facts.push([
      'materials',
      `${rebuilt.materials} files served by the registry proxy, network closed afterwards`,
    ]);
  }
  if (comparison !== null) {
    const { total, ...origins } = comparison.entries;
    const parts = Object.entries(origins).filter(([, count]) => count > 0);
    facts.push(['entries', `${total}: ${parts.map(([origin, count]) => `${count} ${origin}`).join(', ')}`]);
    facts.push(['packer', `${comparison.packer}, gzip ${comparison.gzip}`]);
  }
  return facts.map(([label, text]) => `  ${style.dim(label.padEnd(9))} ${visible(text)}`);
}

function findingsBlock(document: ResultDocument, style: Style): Block {
  const ranked = document.findings.toSorted(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
  const lines = ranked.slice(0, MOST_FINDINGS).flatMap((finding) => {
    const severity = style.severity(finding.severity, finding.severity.padEnd(8));
    const head = `  ${severity}  ${visible(finding.message)} ${style.dim(`[${finding.kind}]`)}`;
    return [head, ...(isGrave(finding.severity) ? diffLines(finding.evidence['diff'], style) : [])];
  });
  const rest = ranked.length - MOST_FINDINGS;
  return rest > 0 ? [...lines, `  ... and ${rest} more; --json has them all`] : lines;
}

/** Milder differences are named; what they say is in the JSON document. */
function isGrave(severity: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf('medium');
}

function diffLines(diff: unknown, style: Style): readonly string[] {
  if (!Array.isArray(diff)) return [];
  return diff.map((line) => {
    const text = `           ${visible(String(line), { keepLines: true })}`;
    if (String(line).startsWith('+')) return style.added(text);
    return String(line).startsWith('-') ? style.removed(text) : style.dim(text);
  });
}

function signalsBlock(document: ResultDocument, style: Style): Block {
  return document.signals
    .slice(0, MOST_SIGNALS)
    .map(
      (signal) =>
        `  ${style.dim('note'.padEnd(9))} ${visible(signal.message)} ${style.dim(`[${signal.kind}]`)}`,
    );
}

/** Attempts are told when the first one did not settle it, and the log when none did. */
function attemptsBlock(document: ResultDocument, style: Style): Block {
  const { attempts, verdict } = document;
  if (attempts.length < 2 && verdict !== 'unverifiable') return [];
  return attempts.flatMap((attempt) => {
    const took = style.dim(`${(attempt.durationMs / 1000).toFixed(1)} s`);
    const head = `  ${style.dim('tried'.padEnd(9))} ${attempt.strategy} at ${attempt.commit.slice(0, 12)}, ${took}: ${visible(attempt.outcome)}`;
    const log = verdict === 'unverifiable' ? (attempt.log ?? '').split('\n').slice(-8) : [];
    return [
      head,
      ...log.filter((line) => line !== '').map((line) => style.dim(`           | ${visible(line)}`)),
    ];
  });
}

function nextBlock(document: ResultDocument, style: Style): Block {
  return [`  ${style.dim('next'.padEnd(9))} ${visible(nextSteps(document))}`];
}
