import { SEVERITIES } from '../model/verdict.ts';
import type { CompareDocument, LeftOut, ResultDocument } from './document.ts';
import { factsOf, type Fact, comparisonFacts } from './facts.ts';
import { comparedHeadline, comparedNextSteps, headline, isPlanGiven, nextSteps } from './sentences.ts';

/** What a person is shown of a document, whichever format it is written in. */
export interface Report {
  readonly tool: ResultDocument['tool'];
  readonly subject: ResultDocument['subject'];
  readonly verdict: ResultDocument['verdict'] | CompareDocument['verdict'];
  readonly level: ResultDocument['level'];
  readonly severity: ResultDocument['severity'];
  readonly reason: ResultDocument['reason'];
  /** `name@version`. */
  readonly title: string;
  /** What is said beside the verdict. */
  readonly asides: readonly string[];
  readonly headline: string;
  readonly next: string;
  readonly facts: readonly Fact[];
  readonly findings: ResultDocument['findings'];
  /** The worst first. */
  readonly signals: ResultDocument['signals'];
  /** Of every entry, by path. */
  readonly origins: Readonly<Record<string, string>>;
  readonly source: ResultDocument['source'];
  readonly plan: ResultDocument['plan'];
  readonly isPlanGiven: boolean;
  readonly attempts: ResultDocument['attempts'];
  /** What the document does not list. */
  readonly leftOut: LeftOut;
  /** What the two sides of a difference are called. */
  readonly sides: { readonly from: string; readonly to: string };
}

const NOTHING: LeftOut = { findings: 0, paths: 0, entries: 0, normalizers: 0 };

/** What is shown of a verification. */
export function reportOf(document: ResultDocument): Report {
  const { verdict, level, reason, severity, subject, comparison } = document;
  const isGiven = isPlanGiven(document);
  const asides = [
    level === null ? '' : `level: ${level}`,
    reason === null ? '' : reason.code,
    verdict === 'diverged' ? `severity: ${severity}` : '',
    isGiven ? 'under a plan of the user' : '',
  ];
  return {
    ...document,
    title: `${subject.name}@${subject.version}`,
    asides: asides.filter((one) => one !== ''),
    headline: headline(document),
    next: nextSteps(document),
    facts: factsOf(document),
    signals: worstFirst(document.signals),
    origins: comparison?.origins ?? {},
    isPlanGiven: isGiven,
    leftOut: NOTHING,
    sides: { from: 'rebuilt from the source', to: 'published' },
  };
}

/** What is shown of a comparison of two artifacts. */
export function reportOfComparison(document: CompareDocument): Report {
  const { base, subject, level, severity, verdict, comparison } = document;
  const [from, to] = [base, subject].map((one) => `${one.name}@${one.version}`);
  return {
    ...document,
    reason: null,
    title: `${from ?? ''} -> ${to ?? ''}`,
    asides: [verdict === 'same' ? `level: ${level ?? 'none'}` : `severity: ${severity}`],
    headline: comparedHeadline(document),
    next: comparedNextSteps(document),
    facts: comparisonFacts(document),
    signals: worstFirst(document.signals),
    origins: comparison.origins,
    source: null,
    plan: null,
    isPlanGiven: false,
    attempts: [],
    sides: { from: from ?? '', to: to ?? '' },
  };
}

/** Formats show only so many: what is left out is the mildest. */
function worstFirst(signals: ResultDocument['signals']): ResultDocument['signals'] {
  return signals.toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
}
