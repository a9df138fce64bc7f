import { z } from 'zod';
import { ResultDocument } from '../report/document.ts';
import { canonicalSha256 } from './canonical.ts';
import { sourceDigest, sourceUri } from './source-uri.ts';
import { FileDigest, Hex, type Occasion, publishedSubject, type Statement } from './statement.ts';
import { STATEMENT_TYPE, VERIFICATION_TYPE } from './type-uris.ts';

const Result = ResultDocument.shape;
const Comparison = Result.comparison.unwrap().shape;
const Plan = Result.plan.unwrap().shape;
const Sandbox = Result.sandbox.unwrap().shape;
const Finding = Result.findings.element.shape;
const Attempt = Result.attempts.element.shape;

/**
 * The predicate of a rebuild verification: a verdict with what it rests on, whichever it is
 * (docs/predicates/rebuild-verification-v1.md).
 */
export const VerificationPredicate = z.strictObject({
  verifier: z.strictObject({
    id: z.string().min(1),
    version: z.strictObject({ reprove: z.string().min(1) }),
  }),
  timeVerified: z.iso.datetime(),
  registry: Result.registry,
  artifact: z.strictObject({ name: Result.subject.shape.artifact, size: Result.subject.shape.size }),
  verdict: Result.verdict,
  level: Result.level,
  severity: Result.severity,
  reason: Result.reason,
  source: z
    .strictObject({
      uri: z.string(),
      digest: z.strictObject({ gitCommit: Hex(40), gitTree: Hex(40).optional() }),
      directory: z.string(),
      evidence: Result.source.unwrap().shape.evidence,
    })
    .nullable(),
  plan: z
    .strictObject({
      strategy: Plan.strategy,
      toolchain: Plan.toolchain,
      conclusive: Plan.conclusive,
      /** Of the whole plan as canonical JSON (RFC 8785). */
      digest: z.strictObject({ sha256: Hex(64) }),
    })
    .nullable(),
  sandbox: z
    .strictObject({
      engine: Sandbox.engine,
      digest: z.strictObject({ sha256: Hex(64) }),
      tools: Sandbox.tools,
    })
    .nullable(),
  /** Digests of what the rebuild packed. */
  rebuilt: z.strictObject({ digest: FileDigest, materials: z.int().nonnegative() }).nullable(),
  comparison: z
    .strictObject({
      entries: Comparison.entries,
      normalizers: Comparison.normalizers,
      wrapping: Comparison.wrapping,
      exact: Comparison.exact,
    })
    .nullable(),
  findings: z.array(
    z.strictObject({
      kind: Finding.kind,
      severity: Finding.severity,
      path: Finding.path,
      message: Finding.message,
    }),
  ),
  signals: Result.signals,
  checked: Result.checked,
  absent: Result.absent,
  attempts: z.array(
    z.strictObject({ strategy: Attempt.strategy, commit: Attempt.commit, outcome: Attempt.outcome }),
  ),
});
export type VerificationPredicate = z.infer<typeof VerificationPredicate>;

/** The statement of a verdict about the published file; null when there was no file to hash. */
export function verificationStatement(
  document: ResultDocument,
  occasion: Occasion,
): Statement<VerificationPredicate> | null {
  const subject = publishedSubject(document);
  if (subject === null) return null;
  const { registry, verdict, level, severity, reason, signals, checked, absent } = document;
  const predicate = {
    verifier: { id: occasion.builder, version: { reprove: document.tool.version } },
    timeVerified: occasion.finishedOn,
    registry,
    artifact: { name: document.subject.artifact, size: document.subject.size },
    verdict,
    level,
    severity,
    reason,
    ...whatWasRebuilt(document),
    findings: document.findings.map(({ kind, severity: how, path, message }) => ({
      kind,
      severity: how,
      path,
      message,
    })),
    signals,
    checked,
    absent,
    attempts: document.attempts.map(({ strategy, commit, outcome }) => ({ strategy, commit, outcome })),
  };
  return { _type: STATEMENT_TYPE, subject, predicateType: VERIFICATION_TYPE, predicate };
}

function whatWasRebuilt(
  document: ResultDocument,
): Pick<VerificationPredicate, 'source' | 'plan' | 'sandbox' | 'rebuilt' | 'comparison'> {
  const { source, plan, sandbox, rebuilt, comparison } = document;
  return {
    source: source && {
      uri: sourceUri(source),
      digest: sourceDigest(source),
      directory: source.directory,
      evidence: source.evidence,
    },
    plan: plan && {
      strategy: plan.strategy,
      toolchain: plan.toolchain,
      conclusive: plan.conclusive,
      digest: { sha256: canonicalSha256(plan) },
    },
    sandbox: sandbox && {
      engine: sandbox.engine,
      digest: { sha256: sandbox.image.replace(/^sha256:/, '') },
      tools: sandbox.tools,
    },
    rebuilt: rebuilt && {
      digest: { sha512: rebuilt.digests.sha512, sha256: rebuilt.digests.sha256 },
      materials: rebuilt.materials,
    },
    comparison: comparison && {
      entries: comparison.entries,
      normalizers: comparison.normalizers,
      wrapping: comparison.wrapping,
      exact: comparison.exact,
    },
  };
}
