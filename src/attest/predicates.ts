import { z } from 'zod';
import { issuesText } from '../schema-issues.ts';
import type { EvidenceKind } from './evidence.ts';
import {
  AnyBom,
  AnyProvenance,
  OldProvenance,
  OSS_REBUILD,
  OSS_REBUILD_TYPES,
  OssEquivalence,
  OssRebuild,
  Publication,
} from './foreign.ts';
import { ProvenancePredicate } from './provenance-predicate.ts';
import { plainPurl } from './purl-name.ts';
import type { AnyStatement } from './statement.ts';
import { SummaryPredicate } from './summary.ts';
import * as types from './type-uris.ts';
import { VerificationPredicate } from './verification.ts';

export type Verdict = VerificationPredicate['verdict'];
type DigestSet = Readonly<Record<string, string>>;

/** What a predicate says that a check goes by; null where it says nothing. */
export interface PredicateFacts {
  readonly kind: EvidenceKind;
  /** Of ours the whole, of others what any of the kind must have. */
  readonly isOurs: boolean;
  readonly verdict: Verdict | null;
  readonly level: VerificationPredicate['level'];
  /** What a verification summary says; null for other predicates. */
  readonly result: 'PASSED' | 'FAILED' | null;
  /** The whole of a rebuild verification. */
  readonly verification: VerificationPredicate | null;
  /** When it was stated, ISO 8601. */
  readonly time: string | null;
  /** The builder or verifier that it names. */
  readonly maker: string;
  /** What came of a rebuild, of whatever maker; `verdict` is of ours alone. */
  readonly opinion: Verdict | null;
  /** Of what a rebuild made. */
  readonly rebuilt: DigestSet | null;
  /** What the subject is: the file that the registry serves, or what a rebuild made. */
  readonly about: 'published' | 'rebuilt';
  /** What subjects of this kind are named by. */
  readonly namedBy: 'purl' | 'file';
  /** Where it says that the file was built from. */
  readonly source: { readonly repository: string | null; readonly commit: string | null } | null;
}

export type ReadPredicate =
  | { readonly ok: true; readonly facts: PredicateFacts }
  /** `why`: one sentence. */
  | { readonly ok: false; readonly why: string };

type Reader = (statement: AnyStatement) => ReadPredicate;

/** Every predicate type that can be checked, and how its predicate is read. */
const PREDICATES: Readonly<Record<string, Reader>> = {
  [types.VERIFICATION_TYPE]: readVerification,
  [types.PROVENANCE_TYPE]: readProvenance,
  [types.PROVENANCE_TYPE_V02]: readOldProvenance,
  [types.SUMMARY_TYPE]: readSummary,
  [types.PUBLICATION_TYPE]: readPublication,
  [types.CYCLONEDX_TYPE]: readBom,
};

export const KNOWN_PREDICATE_TYPES: readonly string[] = Object.keys(PREDICATES);

/** Reads what a statement says by its predicate's type; null for a type that is not known here. */
export function readPredicate(statement: AnyStatement): ReadPredicate | null {
  const { predicateType } = statement;
  return Object.hasOwn(PREDICATES, predicateType) ? (PREDICATES[predicateType]?.(statement) ?? null) : null;
}

const NOTHING = {
  isOurs: false,
  verdict: null,
  level: null,
  result: null,
  verification: null,
  time: null,
  opinion: null,
  rebuilt: null,
  about: 'published',
  namedBy: 'purl',
  source: null,
} as const;

function said(facts: Pick<PredicateFacts, 'kind' | 'maker'> & Partial<PredicateFacts>): ReadPredicate {
  return { ok: true, facts: { ...NOTHING, ...facts } };
}

function wrong(why: string): ReadPredicate {
  return { ok: false, why };
}

/** Reads a predicate through its schema. */
function through<T>(
  schema: z.ZodType<T>,
  predicate: unknown,
  make: (data: T) => ReadPredicate,
): ReadPredicate {
  const { data, error } = schema.safeParse(predicate);
  return error === undefined ? make(data) : wrong(issuesText(error.issues));
}

function readVerification({ predicate }: AnyStatement): ReadPredicate {
  return through(VerificationPredicate, predicate, (data) => {
    const { verdict, level, timeVerified: time, verifier, rebuilt } = data;
    return said({
      kind: 'rebuild-verification',
      isOurs: true,
      verdict,
      level,
      verification: data,
      time,
      maker: verifier.id,
      opinion: verdict,
      rebuilt: rebuilt?.digest ?? null,
    });
  });
}

function readProvenance(statement: AnyStatement): ReadPredicate {
  return through(AnyProvenance, statement.predicate, (data) => {
    const { buildType } = data.buildDefinition;
    if (buildType === types.BUILD_TYPE) return readOwnProvenance(statement);
    if (buildType.startsWith(OSS_REBUILD)) return readOssRebuild(statement, buildType);
    const time = data.runDetails.metadata?.finishedOn ?? null;
    return said({ kind: 'provenance', time, maker: data.runDetails.builder.id, source: sourceOf(data) });
  });
}

/** SLSA: whoever knows a build type refuses what it does not know of it. */
function readOwnProvenance({ predicate, subject }: AnyStatement): ReadPredicate {
  return through(ProvenancePredicate, predicate, ({ runDetails: { builder, metadata } }) => {
    const isRebuilt = isAboutRebuilt(subject);
    return said({
      kind: 'rebuild-provenance',
      isOurs: true,
      time: metadata.finishedOn,
      maker: builder.id,
      about: isRebuilt ? 'rebuilt' : 'published',
      namedBy: isRebuilt ? 'file' : 'purl',
    });
  });
}

function isAboutRebuilt(subject: AnyStatement['subject']): boolean {
  return subject.every(({ name }) => name?.startsWith('rebuild/') === true);
}

function readOldProvenance({ predicate }: AnyStatement): ReadPredicate {
  return through(OldProvenance, predicate, ({ builder, invocation, metadata }) => {
    const { uri, digest } = invocation?.configSource ?? {};
    const repository = uri?.replace(/^git\+/, '').replace(/@refs\/.*$/, '') ?? null;
    const source = { repository, commit: digest?.['sha1'] ?? null };
    return said({
      kind: 'provenance',
      time: metadata?.buildFinishedOn ?? null,
      maker: builder.id,
      source,
    });
  });
}

const Workflow = z.object({ workflow: z.object({ repository: z.string() }) });

/** GitHub's build type has the repository as a parameter, and the commit among the dependencies. */
function sourceOf({ buildDefinition }: AnyProvenance): PredicateFacts['source'] {
  const { externalParameters, resolvedDependencies = [] } = buildDefinition;
  const { data } = Workflow.safeParse(externalParameters);
  const commits = resolvedDependencies.flatMap(({ digest }) => digest?.['gitCommit'] ?? []);
  return { repository: data?.workflow.repository ?? null, commit: commits[0] ?? null };
}

function readSummary({ predicate }: AnyStatement): ReadPredicate {
  return through(SummaryPredicate, predicate, ({ verificationResult: result, timeVerified, verifier }) =>
    said({ kind: 'verification-summary', result, time: timeVerified ?? null, maker: verifier.id }),
  );
}

function readPublication({ predicate, subject }: AnyStatement): ReadPredicate {
  return through(Publication, predicate, ({ name, version, registry }) => {
    const other = subject.find((one) => afterType(one.name ?? '') !== `${name}@${version}`);
    return other === undefined
      ? said({ kind: 'publication', maker: registry })
      : wrong(
          `it says that it took ${name}@${version}, and its subject is ${other.name ?? 'without a name'}.`,
        );
  });
}

/** What a purl says behind its type. */
function afterType(purl: string): string {
  return plainPurl(purl)?.replace(/^pkg:[^/]+\//, '') ?? '';
}

function readOssRebuild(statement: AnyStatement, buildType: string): ReadPredicate {
  if (buildType === OSS_REBUILD_TYPES.rebuild) return readOssBuild(statement);
  if (buildType === OSS_REBUILD_TYPES.equivalence) return readOssEquivalence(statement);
  return wrong(`its build type ${JSON.stringify(buildType)} is not one of OSS Rebuild's that are known.`);
}

function readOssBuild({ predicate, subject }: AnyStatement): ReadPredicate {
  return through(OssRebuild, predicate, ({ buildDefinition, runDetails }) => {
    const { externalParameters, resolvedDependencies } = buildDefinition;
    const file = `rebuild/${externalParameters.artifact}`;
    if (subject.some(({ name }) => name !== file)) return wrong(`its subject is not ${file}.`);
    const source = resolvedDependencies.find(({ name }) => name.startsWith('git+'));
    return said({
      kind: 'oss-rebuild',
      maker: runDetails.builder.id,
      time: runDetails.metadata?.finishedOn ?? null,
      about: 'rebuilt',
      namedBy: 'file',
      source: source === undefined ? null : gitSource(source),
    });
  });
}

function gitSource({ name, digest }: { readonly name: string; readonly digest?: DigestSet | undefined }) {
  return {
    repository: name.replace(/^git\+/, ''),
    commit: digest?.['gitCommit'] ?? digest?.['sha1'] ?? null,
  };
}

function readOssEquivalence({ predicate, subject }: AnyStatement): ReadPredicate {
  return through(OssEquivalence, predicate, ({ buildDefinition, runDetails }) => {
    const { externalParameters, resolvedDependencies } = buildDefinition;
    const digestOf = (file: string) => resolvedDependencies.find(({ name }) => name === file)?.digest;
    const rebuilt = digestOf(externalParameters.candidate);
    const published = digestOf(externalParameters.target);
    const [first, ...others] = subject;
    const isSame =
      others.length === 0 &&
      first !== undefined &&
      published !== undefined &&
      isEqual(first.digest, published);
    if (rebuilt === undefined || !isSame)
      return wrong('its subject and the two files that it compares do not belong together.');
    return said({
      kind: 'oss-rebuild-equivalence',
      maker: runDetails.builder.id,
      time: runDetails.metadata?.finishedOn ?? null,
      opinion: 'reproduced',
      rebuilt,
      namedBy: 'file',
    });
  });
}

function isEqual(one: DigestSet, other: DigestSet): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

function readBom({ predicate }: AnyStatement): ReadPredicate {
  return through(AnyBom, predicate, ({ metadata }) => {
    const { timestamp: time = null, tools } = metadata ?? {};
    const maker = tools?.components?.map(({ name }) => name).join(', ') ?? 'an unnamed tool';
    return said({ kind: 'bill-of-materials', time, maker });
  });
}

/** JSON Schemas (2020-12) of the predicates of ours, by the name of their page in docs/predicates. */
export function predicateJsonSchemas(): Readonly<Record<string, unknown>> {
  const target = 'draft-2020-12';
  return {
    'rebuild-verification-v1': z.toJSONSchema(VerificationPredicate, { target }),
    'rebuild-provenance-v1': z.toJSONSchema(ProvenancePredicate, { target }),
  };
}
