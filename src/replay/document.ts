import { z } from 'zod';
import { CheckDocument } from '../attest/check-document.ts';
import { FileDigest } from '../attest/statement.ts';
import { ReasonDocument, ResultDocument, ToolDocument } from '../report/document.ts';
import { DIFFERENCE_KINDS } from './differences.ts';

const Text = z.string();

/** The result of `reprove replay`: the document of `--json`. Its JSON Schema is docs/replay.schema.json. */
export const ReplayDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  /**
   * `same`: what is attested came out again. `different`: something else did. `unverifiable`: nothing came out (`reason`).
   * `refused`: the attestation itself is not to be believed (`check`).
   */
  outcome: z.enum(['same', 'different', 'unverifiable', 'refused']),
  reason: ReasonDocument.nullable(),
  /** What is right and wrong with the attestation. */
  check: CheckDocument,
  /** What it says; null unless it was believed and is of a rebuild. */
  attested: z
    .strictObject({
      purl: Text,
      registry: Text,
      /** The version of reprove. */
      tool: Text,
      engine: Text,
      repository: Text,
      commit: Text,
      materials: z.int().nonnegative(),
      rebuilt: FileDigest,
      verdict: ResultDocument.shape.verdict.nullable(),
      level: ResultDocument.shape.level,
    })
    .nullable(),
  /** Each in which the replay is not as it was attested. */
  differences: z.array(
    z.strictObject({
      kind: z.enum(DIFFERENCE_KINDS),
      name: Text,
      attested: Text.nullable(),
      replayed: Text.nullable(),
      /** Whether it is about what is claimed; else about what that was made with. */
      decides: z.boolean(),
    }),
  ),
  /** The whole result of the replay; null when nothing was replayed. */
  result: ResultDocument.nullable(),
});
export type ReplayDocument = z.infer<typeof ReplayDocument>;

/** JSON Schema (2020-12) of the document of a replay. */
export function replayJsonSchema(): unknown {
  return z.toJSONSchema(ReplayDocument, { target: 'draft-2020-12' });
}

/**
 * 0: what is attested came out again, whatever the verdict; 1: something else did, or the attestation is refused; 3: nothing
 * came out.
 */
export function exitCodeOfReplay({ outcome }: ReplayDocument): 0 | 1 | 3 {
  return EXIT_CODES[outcome];
}

const EXIT_CODES = {
  same: 0,
  different: 1,
  refused: 1,
  unverifiable: 3,
} as const satisfies Record<ReplayDocument['outcome'], number>;
