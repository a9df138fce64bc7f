import { z } from 'zod';
import type { Understood } from '../attest/check-statement.ts';
import { ProvenancePredicate } from '../attest/provenance-predicate.ts';
import { parseSourceUri } from '../attest/source-uri.ts';
import { type FileDigest, OwnStatement } from '../attest/statement.ts';
import type { AttestedMaterial, RebuildPlan } from '../model/plan.ts';
import type { Reason } from '../model/verdict.ts';
import type { StatedPlans } from '../plan-file/parse.ts';
import type { ResultDocument } from '../report/document.ts';
import { PlanRules, SourceRules } from '../report/plan-rules.ts';
import { issuesText } from '../schema-issues.ts';
import { parseRepositoryUrl } from '../source/repository-url.ts';

/** What an attestation says of a rebuild: all that it takes to do it again, and what came of it. */
export interface AttestedRebuild {
  /** Of the package version. */
  readonly purl: string;
  readonly registry: string;
  /** The version of reprove that did it. */
  readonly tool: string;
  readonly engine: NonNullable<ResultDocument['sandbox']>['engine'];
  /** The published file; null in early provenance. */
  readonly published: FileDigest | null;
  readonly repository: string;
  readonly commit: string;
  readonly ref: string | null;
  readonly directory: string;
  readonly tree: string | null;
  readonly plan: RebuildPlan;
  /** sha256 of the sandbox's image, hex; null when it is not stated. */
  readonly image: string | null;
  readonly tools: readonly AttestedTool[];
  readonly materials: readonly AttestedMaterial[];
  /** What the rebuild gave. */
  readonly rebuilt: FileDigest;
  /** What the comparison with the published file came to; null in early provenance. */
  readonly verdict: Pick<ResultDocument, 'verdict' | 'level'> | null;
}

export interface AttestedTool {
  /** `<package>@<version>`. */
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export type ReadAttested =
  | { readonly kind: 'rebuild'; readonly rebuild: AttestedRebuild }
  /** It says that nothing was rebuilt. */
  | { readonly kind: 'nothing'; readonly reason: Reason }
  /** There is no rebuild in it. */
  | { readonly kind: 'other'; readonly why: string; readonly next: string };

const PROVENANCE =
  'Name the rebuild provenance, which "reprove verify --key" writes as <name>.provenance.sigstore.json.';

/**
 * Reads what a statement says of a rebuild. Its signature has been checked; what it says is checked all the same, like anything
 * else from outside that becomes a command.
 */
export function readAttested({ statement, facts }: Understood): ReadAttested {
  const { verification } = facts;
  if (verification !== null && verification.rebuilt === null && verification.reason !== null)
    return { kind: 'nothing', reason: verification.reason };
  if (verification !== null)
    return other('It states a verdict; how the rebuild was done is in the provenance beside it.');
  const predicate = ProvenancePredicate.safeParse(statement.predicate);
  if (!facts.isOurs || !predicate.success)
    return other(`It is of ${statement.predicateType} and states no rebuild of reprove's.`);
  return readProvenance(predicate.data, OwnStatement.parse(statement).subject[0].digest);
}

const Rebuild = z.object({
  plan: PlanRules,
  source: SourceRules.extend({
    repository: z
      .string()
      .refine((url) => parseRepositoryUrl(url) !== null, 'must be a repository on a host'),
    tree: z.string().nullable(),
  }),
});

function readProvenance(
  { buildDefinition, runDetails }: ProvenancePredicate,
  rebuilt: FileDigest,
): ReadAttested {
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const digestOf = (name: string) => resolvedDependencies.find((one) => one.name === name)?.digest ?? {};
  const { gitCommit, gitTree } = digestOf('source');
  const uri = resolvedDependencies.find(({ name }) => name === 'source')?.uri ?? '';
  const plan = externalParameters.plan ?? internalParameters.plan;
  if (plan === null) return unusable('It states no plan, so nobody can do the same again.');
  const parsed = Rebuild.safeParse({
    plan,
    source: {
      ...parseSourceUri(uri),
      commit: gitCommit,
      tree: gitTree ?? null,
      directory: internalParameters.directory,
      evidence: [],
    },
  });
  if (!parsed.success) return unusable(`What it states cannot be run: ${issuesText(parsed.error.issues)}`);
  const { evidence: _, ...source } = parsed.data.source;
  const comparison = runDetails.byproducts.find(({ name }) => name === 'comparison');
  return {
    kind: 'rebuild',
    rebuild: {
      purl: externalParameters.package,
      registry: externalParameters.registry,
      tool: runDetails.builder.version.reprove,
      engine: internalParameters.engine,
      published: externalParameters.artifact?.digest ?? null,
      ...source,
      plan: parsed.data.plan,
      image: digestOf('sandbox')['sha256'] ?? null,
      tools: named('tool', resolvedDependencies),
      materials: named('material', resolvedDependencies).map(materialOf),
      rebuilt,
      verdict: comparison?.annotations ?? null,
    },
  };
}

/** The dependencies of one kind, which their names begin with. */
function named(
  kind: 'tool' | 'material',
  dependencies: ProvenancePredicate['buildDefinition']['resolvedDependencies'],
): readonly AttestedTool[] {
  const prefix = `${kind}:`;
  return dependencies
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, digest }) => ({ name: name.slice(prefix.length), digest }));
}

/** Names may begin with an `@`; versions hold none. */
function materialOf({ name: both, digest }: AttestedTool): AttestedMaterial {
  const at = both.lastIndexOf('@');
  return { name: both.slice(0, at), version: both.slice(at + 1), sha512: digest['sha512'] ?? '' };
}

function other(why: string): ReadAttested {
  return { kind: 'other', why, next: PROVENANCE };
}

function unusable(why: string): ReadAttested {
  return {
    kind: 'other',
    why,
    next: 'Ask its signer for another; "reprove verify" rebuilds the package anew.',
  };
}

/** An attested rebuild as the pipeline takes plans that somebody gives. */
export function statedPlans({
  purl,
  repository,
  commit,
  ref,
  directory,
  plan,
}: AttestedRebuild): StatedPlans {
  return {
    giver: 'attestation',
    purl,
    // Other bytes are something to tell, not a mistake of whoever asks.
    sha512: null,
    sources: [{ repository, commit, ref, directory }],
    plans: [{ commit, plan }],
  };
}
