import { z } from 'zod';
import type { ResultDocument } from '../report/document.ts';
import { type Occasion, publishedSubject, type Statement } from './statement.ts';
import { levelUri, STATEMENT_TYPE, SUMMARY_TYPE } from './type-uris.ts';

const Text = z.string().min(1);
const DigestSet = z.record(Text, Text);

/** The predicate of a verification summary of any maker: what SLSA requires (spec/verification_summary.md, v1). */
export const SummaryPredicate = z.object({
  verifier: z.object({ id: Text, version: z.record(Text, Text).optional() }),
  timeVerified: z.iso.datetime().optional(),
  resourceUri: Text,
  policy: z.object({ uri: Text.optional(), digest: DigestSet.optional() }),
  verificationResult: z.enum(['PASSED', 'FAILED']),
  verifiedLevels: z.array(Text).min(1),
});
type SummaryPredicate = z.infer<typeof SummaryPredicate>;

/**
 * The summary of what a policy made of a result; null where no policy was asked or there was no file. It claims no level of
 * SLSA's, since a rebuild earns the published file none, but the one of ours (docs/predicates/verification-summary-v1.md).
 * It has no `verifier.version`: SLSA allows one, but in-toto's own libraries do not know the field and refuse the whole
 * (in-toto/attestation, predicates/vsa/v1/vsa.proto).
 */
export function summaryStatement(
  document: ResultDocument,
  occasion: Occasion,
): Statement<SummaryPredicate> | null {
  const { policy, level } = document;
  const subject = publishedSubject(document);
  if (subject === null || policy === null) return null;
  const { passed } = policy;
  const predicate = {
    verifier: { id: occasion.builder },
    timeVerified: occasion.finishedOn,
    resourceUri: subject[0].name,
    policy: { uri: nameOfDigest(policy.sha256), digest: { sha256: policy.sha256 } },
    verificationResult: passed ? ('PASSED' as const) : ('FAILED' as const),
    verifiedLevels: [passed ? levelUri(level ?? 'none') : 'FAILED'],
  };
  return { _type: STATEMENT_TYPE, subject, predicateType: SUMMARY_TYPE, predicate };
}

/** A URI for bytes that have no address, which SLSA asks for: their digest (RFC 6920). @param sha256 hex */
function nameOfDigest(sha256: string): string {
  return `ni:///sha-256;${Buffer.from(sha256, 'hex').toString('base64url')}`;
}
