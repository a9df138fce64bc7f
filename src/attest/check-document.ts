import { z } from 'zod';
import { ResultDocument, ToolDocument } from '../report/document.ts';
import { CLAIM_NAMES } from './check-statement.ts';
import { EVIDENCE_KINDS } from './evidence.ts';

const Text = z.string();
const Digests = z.record(Text, Text);

/** The result of `reprove check-attestation`: the document of `--json`. Its JSON Schema is docs/check.schema.json. */
export const CheckDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  /** The file that was checked. */
  bundle: Text,
  /** True when every claim holds that was asked for. Says nothing of the verdict. */
  accepted: z.boolean(),
  claims: z.array(
    z.strictObject({
      name: z.enum(CLAIM_NAMES),
      state: z.enum(['holds', 'fails', 'unchecked']),
      detail: Text,
    }),
  ),
  /** Who signed; null as long as that is not known. */
  signer: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('key'), id: Text }),
      z.strictObject({ kind: z.literal('certificate'), identity: Text, issuer: Text }),
    ])
    .nullable(),
  /** What was signed; null as long as the signature does not hold. */
  statement: z
    .strictObject({
      predicateType: Text,
      /** What it is evidence of (docs/evidence.md). */
      kind: z.enum(EVIDENCE_KINDS),
      says: Text,
      doesNotSay: Text,
      subject: z.array(z.strictObject({ name: Text.nullable(), digest: Digests })),
      /** What the subject is: the file that the registry serves, or what a rebuild made. */
      about: z.enum(['published', 'rebuilt']),
      /** The builder or verifier that it names. */
      maker: Text,
      /** When it was made. */
      time: z.iso.datetime({ offset: true }).nullable(),
      /** Of a rebuild verification; null for other predicates. */
      verdict: ResultDocument.shape.verdict.nullable(),
      level: ResultDocument.shape.level,
      /** Of a verification summary; null for other predicates. */
      result: z.enum(['PASSED', 'FAILED']).nullable(),
      /** What came of a rebuild, whoever did it; null where nothing was rebuilt. */
      opinion: ResultDocument.shape.verdict.nullable(),
      /** Of what the rebuild made. */
      rebuilt: Digests.nullable(),
      /** Where a provenance says that the file was built from. */
      source: z.strictObject({ repository: Text.nullable(), commit: Text.nullable() }).nullable(),
    })
    .nullable(),
});
export type CheckDocument = z.infer<typeof CheckDocument>;

/** JSON Schema (2020-12) of the document of a check. */
export function checkJsonSchema(): unknown {
  return z.toJSONSchema(CheckDocument, { target: 'draft-2020-12' });
}

/**
 * 0: accepted; 1: refused, or accepted and it says `diverged` or `FAILED`; 3: accepted and it says `unverifiable`. Where a policy
 * was asked it decides alone: it may have exceptions.
 */
export function exitCodeOfCheck({ accepted, claims, statement }: CheckDocument): 0 | 1 | 3 {
  if (!accepted) return 1;
  if (claims.some(({ name, state }) => name === 'policy' && state === 'holds')) return 0;
  if (statement?.verdict === 'diverged' || statement?.result === 'FAILED') return 1;
  return statement?.verdict === 'unverifiable' ? 3 : 0;
}
