/*
 * Predicates of other makers, as far as a check goes by them.
 */
import { z } from 'zod';

const Text = z.string().min(1);
const Digests = z.record(Text, Text);
const Instant = z.iso.datetime({ offset: true });

/** SLSA provenance 1 of any maker: what the specification requires. */
export const AnyProvenance = z.object({
  buildDefinition: z.object({
    buildType: Text,
    externalParameters: z.record(z.string(), z.unknown()),
    resolvedDependencies: z.array(z.object({ uri: Text.optional(), digest: Digests.optional() })).optional(),
  }),
  runDetails: z.object({
    builder: z.object({ id: Text }),
    metadata: z.object({ finishedOn: Instant.optional() }).nullish(),
  }),
});
export type AnyProvenance = z.infer<typeof AnyProvenance>;

/** Provenance of SLSA 0.2 (slsa.dev/provenance/v0.2), as npm writes it on GitLab and wrote it on GitHub. */
export const OldProvenance = z.object({
  builder: z.object({ id: Text }),
  buildType: Text,
  invocation: z
    .object({
      configSource: z.object({ uri: z.string().optional(), digest: Digests.optional() }).optional(),
    })
    .optional(),
  metadata: z.object({ buildFinishedOn: Instant.optional() }).nullish(),
  materials: z.array(z.object({ uri: z.string().optional(), digest: Digests.optional() })).optional(),
});

/** What npm's registry states of every version that it takes with provenance (npm/attestation, specs/publish/v0.1). */
export const Publication = z.object({ name: Text, version: Text, registry: z.url() });

/** Build types of OSS Rebuild (google/oss-rebuild, docs/content/builds) begin so. */
export const OSS_REBUILD = 'https://docs.oss-rebuild.dev/builds/';
export const OSS_REBUILD_TYPES = {
  rebuild: `${OSS_REBUILD}Rebuild@v0.1`,
  equivalence: `${OSS_REBUILD}ArtifactEquivalence@v0.1`,
} as const;

const RunDetails = z.object({
  builder: z.object({ id: Text }),
  metadata: z.object({ finishedOn: Instant.optional() }).nullish(),
});
const Location = z.strictObject({ repository: Text, ref: z.string(), path: z.string().optional() });
const Named = z.object({ name: Text, digest: Digests.optional() });

/** How OSS Rebuild made a file. */
export const OssRebuild = z.object({
  buildDefinition: z.object({
    buildType: z.literal(OSS_REBUILD_TYPES.rebuild),
    // SLSA: whoever knows a build type refuses parameters that are not of it.
    externalParameters: z.strictObject({
      artifact: Text,
      ecosystem: Text,
      package: Text,
      version: Text,
      buildConfigSource: Location.optional(),
      overwrite_mode: z.string().optional(),
    }),
    resolvedDependencies: z.array(Named),
  }),
  runDetails: RunDetails.extend({ byproducts: z.array(Named).length(3) }),
});

/** That a published file is what OSS Rebuild made, once both are stabilized: of two files, the rebuilt one and the published. */
export const OssEquivalence = z.object({
  buildDefinition: z.object({
    buildType: z.literal(OSS_REBUILD_TYPES.equivalence),
    externalParameters: z.strictObject({ candidate: Text.startsWith('rebuild/'), target: Text }),
    resolvedDependencies: z.array(Named.extend({ digest: Digests })).length(2),
  }),
  runDetails: RunDetails.extend({ byproducts: z.array(Named.extend({ digest: Digests })).length(1) }),
});

/** What a bill of materials of any maker must have to be one (CycloneDX, schema/bom-1.6.schema.json), and what is used of it. */
export const AnyBom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d+$/, 'must be a version 1 of CycloneDX'),
  metadata: z
    .object({
      timestamp: Instant.optional(),
      tools: z.object({ components: z.array(z.object({ name: z.string() })).optional() }).optional(),
    })
    .optional(),
});
