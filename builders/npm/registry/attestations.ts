import { z } from 'zod';

/** What a provenance statement says about the source. Its signature has NOT been checked: a hint, not evidence. */
export interface ProvenanceHint {
  readonly verified: false;
  readonly predicateType: string;
  readonly repository: string | null;
  /** 40 hex. */
  readonly commit: string | null;
  readonly ref: string | null;
  /** Path of the workflow file in the repository. */
  readonly workflow: string | null;
}

/** One signed statement. Nothing of it has been checked. */
export interface Attestation {
  /** As decoded from its envelope, whatever its type. */
  readonly statement: unknown;
  /** The whole Sigstore bundle, parsed JSON. */
  readonly bundle: unknown;
  /** What it says about the source, when it is a provenance that can be read. */
  readonly hint: ProvenanceHint | null;
}

export interface Attestations {
  readonly all: readonly Attestation[];
  /** From the SLSA provenance among them; null when there is none. */
  readonly provenance: ProvenanceHint | null;
}

const Answer = z.object({
  attestations: z
    .array(
      z.object({
        bundle: z.looseObject({
          dsseEnvelope: z.looseObject({ payload: z.string(), payloadType: z.string() }),
        }),
      }),
    )
    .max(100),
});

const text = z.string().nullable().catch(null).default(null);

/** https://slsa.dev/provenance/v1 with the build type of GitHub Actions. */
const Slsa1 = z.object({
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.object({
    buildDefinition: z.object({
      externalParameters: z
        .object({
          workflow: z
            .object({ repository: text, ref: text, path: text })
            .nullable()
            .catch(null)
            .default(null),
        })
        .nullable()
        .catch(null),
      resolvedDependencies: z
        .array(z.object({ uri: text, digest: z.record(z.string(), z.string()).catch({}).default({}) }))
        .catch([])
        .default([]),
    }),
  }),
});

/** https://slsa.dev/provenance/v0.2, as GitLab and early GitHub releases wrote it. */
const Slsa02 = z.object({
  predicateType: z.literal('https://slsa.dev/provenance/v0.2'),
  predicate: z.object({
    invocation: z.object({
      configSource: z.object({
        uri: text,
        digest: z.record(z.string(), z.string()).catch({}).default({}),
        entryPoint: text,
      }),
    }),
  }),
});

/** Decodes the answer of `/-/npm/v1/attestations/<name>@<version>`; null when it is not one. */
export function parseAttestations(answer: unknown): Attestations | null {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) return null;
  const all = parsed.data.attestations
    .filter(({ bundle }) => bundle.dsseEnvelope.payloadType === 'application/vnd.in-toto+json')
    .map(({ bundle }) => ({ bundle, statement: decode(bundle.dsseEnvelope.payload) }))
    .filter(({ statement }) => statement !== null)
    .map((one) => ({ ...one, hint: hintOf(one.statement) }));
  return { all, provenance: all.find(({ hint }) => hint !== null)?.hint ?? null };
}

function decode(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  } catch {
    return null;
  }
}

function hintOf(statement: unknown): ProvenanceHint | null {
  const one = Slsa1.safeParse(statement);
  if (one.success) {
    const { externalParameters, resolvedDependencies } = one.data.predicate.buildDefinition;
    const workflow = externalParameters?.workflow ?? null;
    const commit = resolvedDependencies
      .map(({ digest }) => commitOf(digest['gitCommit']))
      .find((id) => id !== null);
    return {
      verified: false,
      predicateType: one.data.predicateType,
      repository: workflow?.repository ?? null,
      commit: commit ?? null,
      ref: workflow?.ref ?? null,
      workflow: workflow?.path ?? null,
    };
  }
  const two = Slsa02.safeParse(statement);
  if (!two.success) return null;
  const { uri, digest, entryPoint } = two.data.predicate.invocation.configSource;
  const [repository, ref] = (uri ?? '').replace(/^git\+/, '').split(/@(?=refs\/)/);
  return {
    verified: false,
    predicateType: two.data.predicateType,
    repository: repository === undefined || repository === '' ? null : repository,
    commit: commitOf(digest['sha1']),
    ref: ref ?? null,
    workflow: entryPoint,
  };
}

function commitOf(value: string | undefined): string | null {
  return value !== undefined && /^[0-9a-f]{40}$/.test(value) ? value : null;
}
