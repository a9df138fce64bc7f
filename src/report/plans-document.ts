import { z } from 'zod';
import type { RankedPlan } from '../attempts.ts';
import type { NotPublished, Published } from '../ecosystem.ts';
import type { Source } from '../model/source.ts';
import type { Reason, Signal } from '../model/verdict.ts';
import { archiveMarks } from '../published/marks.ts';
import { VERSION } from '../version.ts';
import { sourceDocument, subjectOf } from './assemble.ts';
import { PlanDocument, ReasonDocument, SignalDocument, SubjectDocument, ToolDocument } from './document.ts';
import { PlanRules, SourceRules } from './plan-rules.ts';

const Count = z.int().nonnegative();

/** What the published bytes look like: marks of tools, never evidence of origin. */
const FingerprintDocument = z.strictObject({
  packer: z.string(),
  gzip: z.string(),
  header: z.strictObject({ flags: Count, mtime: Count, extraFlags: Count, operatingSystem: Count }),
  order: z.string().nullable(),
  times: z.strictObject({ distinct: Count, earliest: z.string(), latest: z.string() }).nullable(),
});

/** A plan of a plan file: what a result document holds, and the commit among `sources` that it is for. */
export const PlanOfFile = z.strictObject({ ...PlanRules.shape, commit: SourceRules.shape.commit });

/** The document of `reprove plan --json`, which `verify --plan` takes. Its JSON Schema is docs/plan.schema.json. */
export const PlansDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  subject: SubjectDocument,
  /** Why there are no plans; null when there are. */
  reason: ReasonDocument.nullable(),
  fingerprint: FingerprintDocument.nullable(),
  sources: z.array(SourceRules),
  /** In the order in which `verify` tries them. */
  plans: z.array(PlanOfFile),
  signals: z.array(SignalDocument),
});

export type PlansDocument = z.infer<typeof PlansDocument>;

const BASE = { schemaVersion: 1, tool: { name: 'reprove', version: VERSION } } as const;

/** The document for a package version whose artifact is not to be had. */
export function plansOfNotPublished(missing: NotPublished): PlansDocument {
  const { subject, fileName, digests, size, reason } = missing;
  return {
    ...BASE,
    subject: { ...subject, artifact: fileName, digests, size },
    reason,
    fingerprint: null,
    sources: [],
    plans: [],
    signals: [],
  };
}

/** The document for an artifact with the plans that were found for it, or the reason why there are none. */
export function plansOfPublished(options: {
  readonly published: Published;
  readonly fingerprint: { readonly packer: string; readonly gzip: string };
  readonly reason: Reason | null;
  readonly candidates: readonly Source[];
  readonly plans: readonly RankedPlan[];
  readonly signals: readonly Signal[];
}): PlansDocument {
  const { published, fingerprint } = options;
  const { header, order, times } = archiveMarks(published.artifact.archive);
  return {
    ...BASE,
    subject: subjectOf(published),
    reason: options.reason,
    fingerprint: { packer: fingerprint.packer, gzip: fingerprint.gzip, header: { ...header }, order, times },
    sources: options.candidates.map(sourceDocument),
    plans: options.plans.map(({ plan, planRequest }) => ({
      commit: planRequest.source.commit,
      ...PlanDocument.parse(plan),
      steps: plan.steps.map((step) => ({ ...step, argv: [...step.argv], env: { ...step.env } })),
    })),
    signals: [...published.signals, ...options.signals],
  };
}

/** JSON Schema (2020-12) of the plan file, made from the schema that the tool itself checks with. */
export function plansJsonSchema(): unknown {
  return z.toJSONSchema(PlansDocument, { target: 'draft-2020-12' });
}
