import type { Attempt } from '../attempts.ts';
import type { NotPublished, Published } from '../ecosystem.ts';
import { driftFinding } from '../explain/drift.ts';
import type { Explained } from '../explain/explain-all.ts';
import type { Absence } from '../model/absences.ts';
import { AS_PACKED, type Origin } from '../model/comparison.ts';
import type { Source } from '../model/source.ts';
import type { Finding, Reason, Signal } from '../model/verdict.ts';
import { REASONS } from '../judge/reasons.ts';
import type { EngineName, RootFilesystem } from '../sandbox/engine.ts';
import { VERSION } from '../version.ts';
import { withDiffs } from './diffs.ts';
import { PlanDocument, type ResultDocument, type SourceDocument } from './document.ts';

export type Timings = ResultDocument['timings'];

const BASE = {
  schemaVersion: 1,
  tool: { name: 'reprove', version: VERSION },
  policy: null,
  attestation: null,
} as const;

const NOTHING = {
  level: null,
  source: null,
  plan: null,
  sandbox: null,
  rebuilt: null,
  comparison: null,
  findings: [],
  attempts: [],
} as const;

type Subject = ResultDocument['subject'];

/** The document for a package version whose artifact is not to be had. */
export function documentOfNotPublished(options: {
  missing: NotPublished;
  registry: string;
  timings: Timings;
}): ResultDocument {
  const { missing, registry, timings } = options;
  const { subject, fileName, digests, size } = missing;
  return {
    ...BASE,
    ...NOTHING,
    findings: [],
    materials: [],
    attempts: [],
    subject: { ...subject, artifact: fileName, digests, size },
    verdict: 'unverifiable',
    severity: REASONS[missing.reason.code].severity,
    reason: missing.reason,
    registry,
    signals: [],
    checked: [],
    absent: [],
    timings,
  };
}

/** The document for an artifact for which nothing could be built. */
export function documentOfNoAttempt(options: {
  published: Published;
  registry: string;
  reason: Reason;
  signals: readonly Signal[];
  absent: readonly Absence[];
  timings: Timings;
}): ResultDocument {
  const { published, registry, reason, timings } = options;
  const signals = [...published.signals, ...options.signals];
  return {
    ...BASE,
    ...NOTHING,
    findings: [],
    materials: [],
    attempts: [],
    subject: subjectOf(published),
    verdict: 'unverifiable',
    severity: REASONS[reason.code].severity,
    reason,
    registry,
    signals,
    checked: [...published.checked],
    absent: [...published.absent, ...options.absent],
    timings,
  };
}

/** The document for the best of some attempts. */
export function documentOfAttempt(options: {
  published: Published;
  registry: string;
  best: Attempt;
  /** The id of the tree of the best attempt's commit. */
  tree: string | null;
  attempts: readonly Attempt[];
  signals: readonly Signal[];
  absent: readonly Absence[];
  /** Of the best attempt's differences, by path. */
  explained: ReadonlyMap<string, Explained>;
  fingerprint: { readonly packer: string; readonly gzip: string };
  engine: EngineName;
  rootfs: RootFilesystem | null;
  timings: Timings;
}): ResultDocument {
  const { published, best, attempts, timings } = options;
  const { judgement, comparison, rebuild, source } = best;
  return {
    ...BASE,
    subject: subjectOf(published),
    verdict: judgement.verdict,
    level: judgement.level,
    severity: judgement.severity,
    reason: judgement.reason,
    registry: options.registry,
    source: { ...sourceDocument(source), tree: options.tree },
    plan: PlanDocument.parse(best.plan),
    sandbox:
      options.rootfs === null
        ? null
        : {
            engine: options.engine,
            image: options.rootfs.imageId,
            lockDeviation: options.rootfs.lockDeviation,
            tools: [...rebuild.tools],
          },
    rebuilt:
      comparison === null
        ? null
        : { digests: comparison.rebuiltDigests, materials: rebuild.materials.length },
    materials: rebuild.materials.map((one) => ({ ...one })),
    comparison:
      comparison === null
        ? null
        : {
            entries: countOrigins(comparison.origins),
            origins: comparison.origins,
            normalizers: [...comparison.normalizers],
            wrapping: [...comparison.wrapping],
            exact: comparison.exact,
            ...options.fingerprint,
          },
    findings: findingsOf(best, options.explained),
    signals: [...published.signals, ...options.signals, ...judgement.signals],
    checked: [...published.checked],
    absent: [...published.absent, ...options.absent],
    attempts: attempts.map(describeAttempt),
    timings,
  };
}

function findingsOf(
  { judgement, comparison }: Attempt,
  explained: ReadonlyMap<string, Explained>,
): Finding[] {
  if (comparison === null) return [...judgement.findings];
  const drift = driftFinding(comparison, explained);
  return [...withDiffs(judgement.findings, comparison, { explained }), ...(drift === null ? [] : [drift])];
}

function describeAttempt(attempt: Attempt): ResultDocument['attempts'][number] {
  const { judgement, comparison, rebuild, plan, source } = attempt;
  const { result } = rebuild;
  const said = result.ok
    ? `${judgement.verdict}${judgement.level === null ? '' : ` at level ${judgement.level}`}${exactWords(comparison)}`
    : `${result.reason.code}: ${result.reason.message}`;
  return {
    strategy: plan.strategy,
    commit: source.commit,
    outcome: [said, ...rebuild.skipped].join('; '),
    durationMs: attempt.durationMs,
    repairs: [...rebuild.repairs],
    log: result.ok ? null : lastLines(result.log),
  };
}

/** Where the plan's own archive is not the published one, what then gave its bytes. */
function exactWords(comparison: Attempt['comparison']): string {
  const exact = comparison?.exact ?? null;
  if (exact === null || exact.gzip === AS_PACKED) return '';
  return `, packed by ${exact.packer}, compressed by ${exact.gzip}`;
}

const LOG_LINES = 40;

function lastLines(log: string | null): string | null {
  return log === null || log.trim() === '' ? null : log.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
}

/** A source as documents hold it: without its files. */
export function sourceDocument(source: Source): SourceDocument {
  const { repository, commit, ref, directory, evidence } = source;
  return { repository, commit, ref, directory, evidence: [...evidence] };
}

/** The judged file as documents name it. */
export function subjectOf({ subject, artifact }: Published): Subject {
  return {
    ...subject,
    artifact: artifact.fileName,
    digests: artifact.digests,
    size: artifact.bytes.length,
  };
}

function countOrigins(origins: Readonly<Record<string, Origin>>) {
  const all = Object.values(origins);
  const count = (origin: Origin) => all.filter((one) => one === origin).length;
  return {
    total: all.length,
    verbatim: count('verbatim'),
    rebuilt: count('rebuilt'),
    normalized: count('normalized'),
    unexplained: count('unexplained'),
  };
}
