import { z } from 'zod';
import { NORMALIZER_NAMES } from '../compare/normalizer-names.ts';
import { FINDINGS } from '../judge/findings.ts';
import { LEVELS } from '../model/comparison.ts';
import { SIGNALS } from '../model/signals.ts';
import { SEVERITIES } from '../model/verdict.ts';

const Severity = z.enum(SEVERITIES);
const kindsOf = (catalogue: Readonly<Record<string, unknown>>) =>
  z.array(z.enum(Object.keys(catalogue) as [string, ...string[]]));

/** What a policy asks, each by the name under which an exception can do without it. */
export const RULES = ['verdict', 'level', 'normalizers', 'findings', 'signals'] as const;
export type Rule = (typeof RULES)[number];

const Signer = z.union([
  /** A public key's file, from where the policy is. */
  z.strictObject({ key: z.string().min(1) }),
  /** Both are compared letter by letter. */
  z.strictObject({ identity: z.string().min(1), issuer: z.string().min(1) }),
]);

const Exception = z.strictObject({
  /** `name`, `@scope/*` or `*`. */
  package: z.string().regex(/^(?:\*|@[^/*]+\/\*|(?:@[^/*]+\/)?[^/*]+)$/, 'must be a name, @scope/* or *'),
  /** Exact; without it every version. */
  version: z.string().min(1).optional(),
  rules: z.array(z.enum(RULES)).min(1),
  /** Why this is fine. */
  reason: z.string().trim().min(1, 'must say why'),
  /** The last day on which it counts (UTC). */
  expires: z.iso.date(),
});

/** A policy: what a user accepts. Its JSON Schema is docs/policy.schema.json. */
export const Policy = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  /** The weakest level that will do. */
  level: z.enum(LEVELS),
  /** Who may have signed; `check-attestation` asks for one of them. */
  signers: z.array(Signer).min(1).optional(),
  /** How old an attestation may be, for example `90d`. */
  maxAge: z
    .string()
    .regex(/^\d+(?:\.\d+)?[smhd]$/, 'must be a number with s, m, h or d behind it, for example 90d')
    .optional(),
  /** Normalizers that may have been needed; without it none. */
  normalizers: z.array(z.enum(NORMALIZER_NAMES)).default([]),
  /** Findings of this severity and above fail, but for kinds that are let pass. What is info, the level says as well. */
  findings: z
    .strictObject({ failOn: Severity.exclude(['none']), allow: kindsOf(FINDINGS).default([]) })
    .default({ failOn: 'low', allow: [] }),
  /** Signals of this severity and above fail, and of any severity those of these kinds. */
  signals: z
    .strictObject({
      failOn: Severity.exclude(['none']),
      fail: kindsOf(SIGNALS).default([]),
      allow: kindsOf(SIGNALS).default([]),
    })
    .default({ failOn: 'high', fail: [], allow: [] }),
  exceptions: z.array(Exception).default([]),
});
export type Policy = z.infer<typeof Policy>;
export type Exception = Policy['exceptions'][number];

/** JSON Schema (2020-12) of a policy as it is written. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(Policy, { target: 'draft-2020-12', io: 'input' });
}
