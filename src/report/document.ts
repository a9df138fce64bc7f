import { z } from 'zod';
import { REASON_CODES, SEVERITIES } from '../model/verdict.ts';

const Hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const Evidence = z.strictObject({ kind: z.string(), detail: z.string() });
const Severity = z.enum(SEVERITIES);
const Count = z.int().nonnegative();
const Milliseconds = z.int().nonnegative();

const Step = z.strictObject({
  name: z.string(),
  phase: z.enum(['fetch', 'build', 'pack']),
  argv: z.array(z.string()).min(1),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  optional: z.boolean(),
});

const Tool = z.strictObject({ name: z.string(), version: z.string(), integrity: z.string() });

/** A rebuild plan as the document holds it. */
export const PlanDocument = z.strictObject({
  strategy: z.string(),
  toolchain: z.record(z.string(), z.string()),
  evidence: z.array(Evidence),
  registryTime: z.iso.datetime(),
  clock: z.iso.datetime(),
  steps: z.array(Step),
  withGit: z.boolean(),
  conclusive: z.boolean(),
  fallback: z.boolean(),
  output: z.string(),
});

export type PlanDocument = z.infer<typeof PlanDocument>;

/** The package version that a document is about. */
export const SubjectDocument = z.strictObject({
  purl: z.string(),
  ecosystem: z.string(),
  name: z.string(),
  version: z.string(),
  artifact: z.string().nullable(),
  digests: z.strictObject({ sha512: Hex(128), sha256: Hex(64), sha1: Hex(40) }).nullable(),
  size: Count,
});

/** Repository, commit and directory, and why these. */
export const SourceDocument = z.strictObject({
  repository: z.string(),
  commit: Hex(40),
  ref: z.string().nullable(),
  directory: z.string(),
  evidence: z.array(Evidence),
});

export type SourceDocument = z.infer<typeof SourceDocument>;

export const ToolDocument = z.strictObject({ name: z.literal('reprove'), version: z.string() });
export const ReasonDocument = z.strictObject({ code: z.enum(REASON_CODES), message: z.string() });
export const SignalDocument = z.strictObject({ kind: z.string(), severity: Severity, message: z.string() });

/** What a finding says of the code of a script, as \`code\` of its evidence. */
export const CodeDocument = z.strictObject({
  total: Count,
  changes: z.array(
    z.strictObject({
      kind: z.enum(['added', 'removed', 'changed']),
      offset: Count,
      line: Count,
      code: z.string(),
      edit: z.string(),
    }),
  ),
  capabilities: z.array(z.strictObject({ kind: z.string(), detail: z.string() })),
});

/** Stands in its place where the code could not be read. */
export const UnreadDocument = z.strictObject({ unread: z.string() });

/** What a finding says of the values of JSON data, as `data` of its evidence. */
export const DataDocument = z.strictObject({
  total: Count,
  changes: z.array(
    z.strictObject({
      kind: z.enum(['added', 'removed', 'changed', 'order']),
      path: z.string(),
      published: z.string().nullable(),
      rebuilt: z.string().nullable(),
    }),
  ),
  oddlyWritten: z.boolean(),
});

export type DataDocument = z.infer<typeof DataDocument>;
export type CodeDocument = z.infer<typeof CodeDocument>;

/** What a registry or a repository does not say; the kinds have a section each in docs/absent-data.md. */
const AbsenceDocument = z.strictObject({ kind: z.string(), message: z.string() });

/** One file that the registry proxy served to the fetch steps. */
const MaterialDocument = z.strictObject({
  name: z.string(),
  version: z.string(),
  uri: z.string(),
  sha512: Hex(128),
  size: Count,
  license: z.string().nullable(),
  afterCutoff: z.boolean(),
});

const NormalizerDocument = z.strictObject({
  name: z.string(),
  path: z.string(),
  publishedSha256: Hex(64),
  rebuiltSha256: Hex(64),
});

const Sandbox = z.strictObject({
  engine: z.enum(['docker', 'podman', 'bwrap']),
  /** Reproducible id of the root file system's image. */
  image: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  lockDeviation: z.string().nullable(),
  tools: z.array(Tool),
});

/** The result of `reprove verify`: the document of `--json`. Its JSON Schema is docs/result.schema.json. */
export const ResultDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  subject: SubjectDocument,
  verdict: z.enum(['reproduced', 'diverged', 'unverifiable']),
  level: z.enum(['bytes', 'tar', 'contents', 'normalized']).nullable(),
  severity: Severity,
  reason: ReasonDocument.nullable(),
  /** The registry that was asked. */
  registry: z.string(),
  source: SourceDocument.extend({
    /** The id of the commit's tree. */
    tree: Hex(40).nullable(),
  }).nullable(),
  plan: PlanDocument.nullable(),
  sandbox: Sandbox.nullable(),
  rebuilt: z
    .strictObject({
      digests: z.strictObject({ sha512: Hex(128), sha256: Hex(64), sha1: Hex(40) }),
      materials: Count,
    })
    .nullable(),
  /** Whatever was fetched, also for a build that failed. */
  materials: z.array(MaterialDocument),
  comparison: z
    .strictObject({
      entries: z.strictObject({
        total: Count,
        verbatim: Count,
        rebuilt: Count,
        normalized: Count,
        unexplained: Count,
      }),
      /** Of every published entry, by path. */
      origins: z.record(z.string(), z.enum(['verbatim', 'rebuilt', 'normalized', 'unexplained'])),
      normalizers: z.array(NormalizerDocument),
      wrapping: z.array(z.string()),
      /** What gives exactly the published bytes; null below level `bytes`. */
      exact: z.strictObject({ packer: z.string(), gzip: z.string() }).nullable(),
      packer: z.string(),
      gzip: z.string(),
    })
    .nullable(),
  findings: z.array(
    z.strictObject({
      kind: z.string(),
      severity: Severity,
      path: z.string().nullable(),
      message: z.string(),
      evidence: z.record(z.string(), z.unknown()),
    }),
  ),
  signals: z.array(SignalDocument),
  /** Signatures of the registry and of a workflow that were checked and are right. */
  checked: z.array(Evidence),
  /** What could not be looked at, since nobody states it. Absent is not verified. */
  absent: z.array(AbsenceDocument),
  attempts: z.array(
    z.strictObject({
      strategy: z.string(),
      commit: Hex(40),
      outcome: z.string(),
      durationMs: Milliseconds,
      /** Versions that the registry view let in against its clock, with reasons. */
      repairs: z.array(z.string()),
      /** The end of the log of the step that failed, or null. */
      log: z.string().nullable(),
    }),
  ),
  timings: z.strictObject({
    publishedMs: Milliseconds,
    sourceMs: Milliseconds,
    planMs: Milliseconds,
    rebuildMs: Milliseconds,
    compareMs: Milliseconds,
    totalMs: Milliseconds,
  }),
  /** What a policy made of it; null when none was asked. */
  policy: z
    .strictObject({
      /** Of the policy's file. */
      sha256: Hex(64),
      passed: z.boolean(),
      rules: z.array(
        z.strictObject({
          rule: z.string(),
          state: z.enum(['holds', 'fails', 'excepted']),
          detail: z.string(),
        }),
      ),
    })
    .nullable(),
  /** The bundles that say the same, signed; null when nothing was signed. */
  attestation: z
    .strictObject({
      signer: z.discriminatedUnion('kind', [
        /** base64 of the sha256 of the public key. */
        z.strictObject({ kind: z.literal('key'), id: z.string() }),
        z.strictObject({ kind: z.literal('certificate'), identity: z.string() }),
      ]),
      files: z.array(z.strictObject({ name: z.string(), predicateType: z.string(), sha256: Hex(64) })),
    })
    .nullable(),
});

export type ResultDocument = z.infer<typeof ResultDocument>;

const Findings = ResultDocument.shape.findings;

/** How many of each list a document leaves out; the counts beside the lists are of all. */
export const LeftOutDocument = z.strictObject({
  findings: Count,
  /** That no listed finding names. */
  paths: Count,
  entries: Count,
  normalizers: Count,
});

export type LeftOut = z.infer<typeof LeftOutDocument>;

/** The result of `reprove compare`: the document of `--json`. Its JSON Schema is docs/compare.schema.json. */
export const CompareDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  /** What it is compared with: the first argument. */
  base: SubjectDocument,
  subject: SubjectDocument,
  verdict: z.enum(['same', 'different']),
  level: ResultDocument.shape.level,
  severity: Severity,
  comparison: z.strictObject({
    entries: z.strictObject({ total: Count, same: Count, normalized: Count, different: Count }),
    /** Of the entries of the subject, by path; of more than 10,000 first those that are not the same. */
    origins: z.record(z.string(), z.enum(['same', 'normalized', 'different'])),
    normalizers: z.array(NormalizerDocument),
    wrapping: z.array(z.string()),
  }),
  /** The worst 10,000. */
  findings: Findings,
  leftOut: LeftOutDocument,
  signals: z.array(SignalDocument),
});

export type CompareDocument = z.infer<typeof CompareDocument>;

/** JSON Schema (2020-12) of the document of a comparison. */
export function compareJsonSchema(): unknown {
  return z.toJSONSchema(CompareDocument, { target: 'draft-2020-12' });
}

/** JSON Schema (2020-12) of the result document, made from the schema that the tool itself checks with. */
export function resultJsonSchema(): unknown {
  return z.toJSONSchema(ResultDocument, { target: 'draft-2020-12' });
}
