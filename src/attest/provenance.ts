import type { ResultDocument } from '../report/document.ts';
import { canonicalSha256 } from './canonical.ts';
import { digestSetOf } from './digest-set.ts';
import type { ProvenancePredicate, Resource } from './provenance-predicate.ts';
import { sbomStatement } from './sbom.ts';
import { sourceDigest, sourceUri } from './source-uri.ts';
import { type Occasion, rebuiltSubject, type Statement } from './statement.ts';
import { BUILD_TYPE, PROVENANCE_TYPE, STATEMENT_TYPE } from './type-uris.ts';

/** What the user asked for, beside the package. */
export interface Parameters {
  readonly source: string | null;
  readonly isPlanGiven: boolean;
}

/**
 * The provenance of what a rebuild gave; null when it gave nothing. Its subject is the published file only where the rebuild
 * gave its very bytes: of any other file it would be false that it was built here.
 */
export function provenanceStatement(
  document: ResultDocument,
  { occasion, parameters }: { readonly occasion: Occasion; readonly parameters: Parameters },
): Statement<ProvenancePredicate> | null {
  const { source, plan, sandbox, rebuilt } = document;
  const subject = rebuiltSubject(document);
  if (subject === null || source === null || plan === null || sandbox === null || rebuilt === null)
    return null;
  return {
    _type: STATEMENT_TYPE,
    subject,
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          package: document.subject.purl,
          registry: document.registry,
          ...publishedFile(document),
          source: parameters.source,
          plan: parameters.isPlanGiven ? plan : null,
        },
        internalParameters: {
          engine: sandbox.engine,
          directory: source.directory,
          plan: parameters.isPlanGiven ? null : plan,
        },
        resolvedDependencies: [
          { name: 'source', uri: sourceUri(source), digest: sourceDigest(source) },
          ...ingredients(sandbox, document.materials),
        ],
      },
      runDetails: {
        builder: { id: occasion.builder, version: { reprove: document.tool.version } },
        metadata: {
          invocationId: occasion.invocationId,
          startedOn: occasion.startedOn,
          finishedOn: occasion.finishedOn,
        },
        byproducts: [...byproductsOf(document), ...sbomOf(document, occasion)],
      },
    },
  };
}

type Sandbox = NonNullable<ResultDocument['sandbox']>;

/** The image, the tools and every file that was served to the fetch steps. */
function ingredients(sandbox: Sandbox, materials: ResultDocument['materials']): readonly Resource[] {
  return [
    { name: 'sandbox', digest: { sha256: sandbox.image.replace(/^sha256:/, '') } },
    ...sandbox.tools.map(({ name, version, integrity }) => ({
      name: `tool:${name}@${version}`,
      digest: digestSetOf(integrity),
    })),
    ...materials.map(({ name, version, uri, sha512 }) => ({
      name: `material:${name}@${version}`,
      uri,
      digest: { sha512 },
    })),
  ];
}

/** The bill of materials, which is signed as a statement of its own. */
function sbomOf(document: ResultDocument, occasion: Occasion): readonly Resource[] {
  const statement = sbomStatement(document, occasion);
  return statement === null
    ? []
    : [{ name: 'sbom', digest: { sha256: canonicalSha256(statement.predicate) } }];
}

function publishedFile({
  subject: { artifact, digests },
}: ResultDocument): Pick<ProvenancePredicate['buildDefinition']['externalParameters'], 'artifact'> {
  if (artifact === null || digests === null) return {};
  return { artifact: { name: artifact, digest: { sha512: digests.sha512, sha256: digests.sha256 } } };
}

function byproductsOf({
  plan,
  comparison,
  verdict,
  level,
}: ResultDocument): ProvenancePredicate['runDetails']['byproducts'] {
  const parts = [
    { name: 'plan', value: plan },
    { name: 'comparison', value: comparison, annotations: { verdict, level } },
  ];
  return parts
    .filter(({ value }) => value !== null)
    .map(({ value, ...part }) => ({ ...part, digest: { sha256: canonicalSha256(value) } }));
}
