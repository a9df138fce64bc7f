import { z } from 'zod';
import { AnyProvenance, ProvenancePredicate } from './provenance.ts';
import { SummaryPredicate } from './summary.ts';
import { AnyBom } from './sbom.ts';
import { BUILD_TYPE, CYCLONEDX_TYPE, PROVENANCE_TYPE, SUMMARY_TYPE, VERIFICATION_TYPE } from './type-uris.ts';
import { VerificationPredicate } from './verification.ts';

/** What a predicate says that a check goes by; null where it says nothing. */
export interface PredicateFacts {
  /** Of ours the whole, of others what any of the kind must have. */
  readonly isOurs: boolean;
  readonly verdict: VerificationPredicate['verdict'] | null;
  readonly level: VerificationPredicate['level'];
  /** What a verification summary says; null for other predicates. */
  readonly result: 'PASSED' | 'FAILED' | null;
  /** The whole of a rebuild verification. */
  readonly verification: VerificationPredicate | null;
  /** When it was stated, ISO 8601. */
  readonly time: string | null;
  /** The builder or verifier that it names. */
  readonly maker: string;
}

export type ReadPredicate =
  | { readonly ok: true; readonly facts: PredicateFacts }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[] };

/** Every predicate type that can be checked, and how its predicate is read. */
const PREDICATES: Readonly<Record<string, (predicate: unknown) => ReadPredicate>> = {
  [VERIFICATION_TYPE]: readVerification,
  [PROVENANCE_TYPE]: readProvenance,
  [SUMMARY_TYPE]: readSummary,
  [CYCLONEDX_TYPE]: readBom,
};

export const KNOWN_PREDICATE_TYPES: readonly string[] = Object.keys(PREDICATES);

/** Reads a predicate by its type; null for a type that is not known here. */
export function readPredicate(type: string, predicate: unknown): ReadPredicate | null {
  return Object.hasOwn(PREDICATES, type) ? (PREDICATES[type]?.(predicate) ?? null) : null;
}

function readVerification(predicate: unknown): ReadPredicate {
  const { data, error } = VerificationPredicate.safeParse(predicate);
  if (error !== undefined) return { ok: false, issues: error.issues };
  const { verdict, level, timeVerified, verifier } = data;
  return {
    ok: true,
    facts: {
      isOurs: true,
      verdict,
      level,
      result: null,
      verification: data,
      time: timeVerified,
      maker: verifier.id,
    },
  };
}

function readProvenance(predicate: unknown): ReadPredicate {
  const any = AnyProvenance.safeParse(predicate);
  if (!any.success) return { ok: false, issues: any.error.issues };
  const { buildDefinition, runDetails } = any.data;
  const isOurs = buildDefinition.buildType === BUILD_TYPE;
  // SLSA: whoever knows a build type refuses what it does not know of it.
  const own = isOurs ? ProvenancePredicate.safeParse(predicate) : null;
  if (own?.success === false) return { ok: false, issues: own.error.issues };
  const time = runDetails.metadata?.finishedOn ?? null;
  return { ok: true, facts: { ...NOTHING, isOurs, time, maker: runDetails.builder.id } };
}

function readSummary(predicate: unknown): ReadPredicate {
  const { data, error } = SummaryPredicate.safeParse(predicate);
  if (error !== undefined) return { ok: false, issues: error.issues };
  const { verificationResult: result, timeVerified, verifier } = data;
  return { ok: true, facts: { ...NOTHING, result, time: timeVerified ?? null, maker: verifier.id } };
}

function readBom(predicate: unknown): ReadPredicate {
  const { data, error } = AnyBom.safeParse(predicate);
  if (error !== undefined) return { ok: false, issues: error.issues };
  const { timestamp, tools } = data.metadata ?? {};
  const maker = tools?.components?.map(({ name }) => name).join(', ') ?? 'an unnamed tool';
  return { ok: true, facts: { ...NOTHING, time: timestamp ?? null, maker } };
}

const NOTHING = { isOurs: false, verdict: null, level: null, result: null, verification: null } as const;

/** JSON Schemas (2020-12) of the predicates of ours, by the name of their page in docs/predicates. */
export function predicateJsonSchemas(): Readonly<Record<string, unknown>> {
  const target = 'draft-2020-12';
  return {
    'rebuild-verification-v1': z.toJSONSchema(VerificationPredicate, { target }),
    'rebuild-provenance-v1': z.toJSONSchema(ProvenancePredicate, { target }),
  };
}
