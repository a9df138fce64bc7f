import { z } from 'zod';
import { PlanDocument, ResultDocument } from '../report/document.ts';
import { FileDigest } from './statement.ts';
import { BUILD_TYPE } from './type-uris.ts';

const Text = z.string().min(1);
const Instant = z.iso.datetime();

/** in-toto, spec/v1/resource_descriptor.md, with what we use of it: everything has a digest. */
const Resource = z.strictObject({
  name: Text,
  uri: Text.optional(),
  digest: z.record(Text, z.string().regex(/^[0-9a-f]+$/)),
});
export type Resource = z.infer<typeof Resource>;

/** Something that came out beside the file. Of the comparison it is said what it came to, for a replay to come to the same. */
const Byproduct = Resource.extend({
  annotations: z
    .strictObject({ verdict: ResultDocument.shape.verdict, level: ResultDocument.shape.level })
    .optional(),
});

/** The predicate of a rebuild provenance: SLSA provenance 1 of our own build type (docs/predicates/rebuild-provenance-v1.md). */
export const ProvenancePredicate = z.strictObject({
  buildDefinition: z.strictObject({
    buildType: z.literal(BUILD_TYPE),
    externalParameters: z.strictObject({
      package: Text,
      registry: Text,
      /** The published file, which the rebuild was compared with. Early provenance does not name it. */
      artifact: z.strictObject({ name: Text, digest: FileDigest }).optional(),
      /** What `--source` named; null when the source was found. */
      source: Text.nullable(),
      /** The plan that `--plan` gave; null when it was made. */
      plan: PlanDocument.nullable(),
    }),
    internalParameters: z.strictObject({
      engine: z.enum(['docker', 'podman', 'bwrap']),
      directory: Text,
      /** The plan that was made; null when it was given. */
      plan: PlanDocument.nullable(),
    }),
    resolvedDependencies: z.array(Resource).min(1),
  }),
  runDetails: z.strictObject({
    builder: z.strictObject({ id: Text, version: z.strictObject({ reprove: Text }) }),
    metadata: z.strictObject({ invocationId: Text, startedOn: Instant, finishedOn: Instant }),
    byproducts: z.array(Byproduct),
  }),
});
export type ProvenancePredicate = z.infer<typeof ProvenancePredicate>;
