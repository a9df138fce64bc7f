import { randomUUID } from 'node:crypto';
import type { SignedResult } from '../attest-result.ts';
import { headline } from '../report/sentences.ts';
import type { FinishedResult } from '../store/jobs.ts';
import { storable } from '../store/text.ts';
import { reasonPasses } from './passing.ts';
import type { Work } from './work.ts';

/** A result as it is stored. */
export function finishedResult(
  signed: SignedResult,
  context: { readonly work: Work; readonly terms: string; readonly limitMs: number; readonly now: Date },
): FinishedResult {
  const { document, bundles } = signed;
  const { work, terms, limitMs, now } = context;
  const { subject, source } = document;
  const row = {
    id: randomUUID(),
    purl: work.purl,
    name: subject.name,
    version: subject.version,
    terms,
    expected: JSON.stringify(work.expected),
    verdict: document.verdict,
    level: document.level,
    severity: document.severity,
    reason: document.reason?.code ?? null,
    summary: storable(headline(document)),
    sha512: subject.digests?.sha512 ?? null,
    repository: source === null ? null : storable(source.repository),
    commit_id: source?.commit ?? null,
    ref: source?.ref == null ? null : storable(source.ref),
    is_settled: reasonPasses(document) ? 0 : 1,
    finished_at: now.toISOString(),
    duration_ms: document.timings.totalMs,
    limit_ms: limitMs,
  };
  const attestations = bundles.map(({ name, predicateType, sha256, text }) => ({
    name,
    predicate_type: predicateType,
    sha256,
    bundle: text,
  }));
  return { row, document: JSON.stringify(document), attestations };
}
