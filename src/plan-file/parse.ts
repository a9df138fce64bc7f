import { z } from 'zod';
import { ReproveError } from '../errors.ts';
import type { RebuildPlan } from '../model/plan.ts';
import { PlanRules, SourceRules } from '../report/plan-rules.ts';
import { PlanOfFile } from '../report/plans-document.ts';
import { parseRepositoryUrl } from '../source/repository-url.ts';
import type { Giver, StatedSource } from '../source/stated.ts';

/** Plans in a user's own words, for one package version. */
export interface StatedPlans {
  readonly giver: Giver;
  readonly purl: string;
  /** Of the artifact that they were made for, lowercase hex; null when the file does not say. */
  readonly sha512: string | null;
  /** Those that a plan is for: one a commit, all of one repository. */
  readonly sources: readonly StatedSource[];
  /** In the order in which to try them; each for a commit of `sources`. */
  readonly plans: readonly { readonly commit: string; readonly plan: RebuildPlan }[];
}

/** More sources and plans than any package version has. */
const MOST_SOURCES = 100;
const MOST_PLANS = 1000;
const MOST_ISSUES = 5;
const REMAKE = 'Correct it, or make a new one: reprove plan <package version> --json > plan.json';

const Subject = z.object({
  purl: z.string().max(1024),
  digests: z
    .object({ sha512: z.string().regex(/^[0-9a-f]{128}$/, 'must be 128 hexadecimal digits') })
    .nullish(),
});
const Version = z.object({ schemaVersion: z.unknown() });
const isRepository = ({ repository }: { readonly repository: string }) =>
  parseRepositoryUrl(repository) !== null;
const NO_REPOSITORY = { path: ['repository'], error: 'must be the URL of a repository on a host' };

/** What is used of the document of `reprove plan --json`. */
const OfPlans = z.object({
  subject: Subject,
  sources: z.array(SourceRules.refine(isRepository, NO_REPOSITORY)).max(MOST_SOURCES),
  plans: z.array(PlanOfFile).min(1, 'must hold a plan').max(MOST_PLANS),
});
/** What is used of a result document: not the tree, which the commit names already. */
const OfResult = z.object({
  subject: Subject,
  source: SourceRules.extend({ tree: z.unknown().optional() }).refine(isRepository, NO_REPOSITORY),
  plan: PlanRules,
});

/**
 * Reads the text of a plan file: a document of `reprove plan --json`, whole or edited, or of `reprove verify --json`.
 *
 * @param file what to call it in messages
 * @throws ReproveError `usage` for anything else: what happened, why, what to do next
 */
export function parsePlanFile(text: string, file: string): StatedPlans {
  const document = jsonOf(text, file);
  const { schemaVersion } = checked(Version, document, file);
  if (schemaVersion !== 1) {
    const found = JSON.stringify(schemaVersion)?.slice(0, 40) ?? 'missing';
    throw unusable(file, `Its "schemaVersion" is ${found}; this version of reprove reads 1.`);
  }
  const stated = isResult(document) ? ofResult(document, file) : ofPlans(document, file);
  const why = contradictionIn(stated);
  if (why !== null) throw unusable(file, why);
  const sources = stated.sources.filter(({ commit }) => stated.plans.some((one) => one.commit === commit));
  return { ...stated, sources };
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(file, `It is not JSON: ${(error as Error).message}.`);
  }
}

function isResult(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'plan' in document && !('plans' in document);
}

function ofPlans(document: unknown, file: string): StatedPlans {
  const { subject, sources, plans } = checked(OfPlans, document, file);
  return {
    ...subjectOf(subject),
    sources,
    plans: plans.map(({ commit, ...plan }) => ({ commit, plan })),
  };
}

function ofResult(document: unknown, file: string): StatedPlans {
  const unplanned = z.object({ plan: z.null() }).safeParse(document).success;
  if (unplanned) throw unusable(file, 'It is the result of a run that had no plan.');
  const { subject, source, plan } = checked(OfResult, document, file);
  return { ...subjectOf(subject), sources: [source], plans: [{ commit: source.commit, plan }] };
}

function subjectOf({
  purl,
  digests,
}: z.infer<typeof Subject>): Pick<StatedPlans, 'purl' | 'giver' | 'sha512'> {
  return { giver: 'plan-file', purl, sha512: digests?.sha512 ?? null };
}

/** What single fields cannot show. */
function contradictionIn({ sources, plans }: StatedPlans): string | null {
  const commits = sources.map((one) => one.commit);
  const twice = commits.find((commit, index) => commits.indexOf(commit) !== index);
  if (twice !== undefined) return `Two of its "sources" are of commit ${twice}.`;
  const lost = plans.findIndex((one) => !commits.includes(one.commit));
  if (lost >= 0) return `plans[${lost}].commit is none of those in "sources".`;
  const urls = new Set(sources.map((one) => parseRepositoryUrl(one.repository)?.url));
  return urls.size > 1 ? 'Its "sources" are of several repositories; a run can use one.' : null;
}

function checked<T>(schema: z.ZodType<T>, document: unknown, file: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const more = issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : '';
  throw unusable(file, `${issues.slice(0, MOST_ISSUES).map(issueText).join('; ')}${more}.`);
}

function issueText(issue: z.core.$ZodIssue): string {
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part).slice(0, 80)}`))
    .join('')
    .replace(/^\./, '');
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  return `${place === '' ? 'the document' : place}: ${(inner ?? issue.message).slice(0, 300)}`;
}

function unusable(file: string, why: string): ReproveError {
  return new ReproveError('usage', { what: `The plan file ${file} cannot be used.`, why, next: REMAKE });
}
