import { type PlansRequest, type RankedPlan, rankedPlans } from './attempts.ts';
import { contradictedByCommit } from './compare/explained.ts';
import type { Deadline } from './deadline.ts';
import type { Ecosystem, NotPublished, Published } from './ecosystem.ts';
import { ReproveError } from './errors.ts';
import { type Absence, absence } from './model/absences.ts';
import { signal } from './model/signals.ts';
import type { Source } from './model/source.ts';
import type { Outcome, Reason, Signal } from './model/verdict.ts';
import { checkSubject, checkTools, overriddenPlans } from './plan-file/override.ts';
import type { StatedPlans } from './plan-file/parse.ts';
import { parseRepositoryUrl } from './source/repository-url.ts';
import { type ResolvedSource, resolveSource, type SourceOverride } from './source/resolve.ts';
import { signerSignals } from './source/signer.ts';
import { youngerSignal } from './source/tag-date.ts';
import { GIVERS, resolveStated } from './source/stated.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface FindRequest {
  /** What the user typed: a package version, a purl, or the path of an archive. */
  readonly spec: string;
  readonly sourceOverride: SourceOverride | null;
  /** Plans of the user's own: with their sources, in place of what would be found. */
  readonly stated?: StatedPlans | null;
  /** Templates for where to fetch repositories from. */
  readonly mirrors: readonly string[];
  readonly cacheDir: string;
}

export interface FindTools {
  readonly ecosystem: Ecosystem;
  readonly progress: { onStage(stage: 'published' | 'source', detail: string): void };
  readonly watch: Stopwatch;
  readonly deadline: Deadline;
  /** Waited for before a source is fetched; told the repository that the package names. */
  readonly beforeSource?: (repository: string | null) => Promise<void>;
}

/** The plans for one package version, at least one, and all that was learned on the way to them. */
export interface FoundPlans extends PlansRequest {
  readonly kind: 'found';
  readonly plans: readonly RankedPlan[];
  readonly signals: readonly Signal[];
  /** What the repository does not say. */
  readonly absent: readonly Absence[];
}

export type FindOutcome =
  | FoundPlans
  | { readonly kind: 'not-published'; readonly missing: NotPublished }
  | {
      readonly kind: 'no-plan';
      readonly published: Published;
      readonly candidates: readonly Source[];
      readonly reason: Reason;
      readonly signals: readonly Signal[];
      readonly absent: readonly Absence[];
    };

/**
 * The first half of every run: published -> source -> plan. It builds nothing and starts no sandbox.
 *
 * @throws ReproveError when the tool, its input or its environment fails
 */
export async function findPlans(request: FindRequest, tools: FindTools): Promise<FindOutcome> {
  const { ecosystem, progress, watch } = tools;
  if (request.stated != null) checkTools(request.stated, ecosystem.toolRoles);
  progress.onStage('published', request.spec);
  ecosystem.expectRebuild();
  const outcome = await watch.time('publishedMs', () => ecosystem.published(request.spec));
  if (!outcome.ok) return { kind: 'not-published', missing: outcome.value };
  const published = outcome.value;
  if (request.stated != null) checkSubject(request.stated, published);

  await tools.beforeSource?.(published.claims.repository);
  progress.onStage('source', published.claims.repository ?? 'no repository stated');
  const source = await watch.time('sourceMs', () => sourceOf(request, published, tools.deadline));
  if (!source.ok) {
    const signals = [
      ...(source.signals ?? []),
      ...signerSignals(published.signer, repositoryInUse(request, published)),
    ];
    return { kind: 'no-plan', published, candidates: [], reason: source.reason, signals, absent: [] };
  }
  const { repository, candidates } = source.value;
  const subject = { published, repository, candidates, ecosystem };
  const chosen = await watch.time('planMs', () => plansOf(request, subject));
  const signals = [
    ...overrideSignals(request, published),
    ...chosen.signals,
    ...source.value.signals,
    ...sourceSignals(published, candidates),
  ];
  const absent = candidates.some(({ ref }) => isTag(ref)) ? [] : [absence('release-tag')];
  if (chosen.plans.length === 0) {
    return { kind: 'no-plan', published, candidates, reason: noPlan(candidates), signals, absent };
  }
  return { kind: 'found', ...subject, plans: chosen.plans, signals, absent };
}

function isTag(ref: string | null): boolean {
  return ref?.startsWith('refs/tags/') ?? false;
}

/** What the registry says against the likeliest source. */
function sourceSignals(published: Published, [likeliest]: readonly Source[]): readonly Signal[] {
  if (likeliest === undefined) return [];
  const younger = youngerSignal(likeliest, published.publishedAt);
  return [...signerSignals(published.signer, likeliest.repository), ...(younger === null ? [] : [younger])];
}

/** Where a source was looked for. */
function repositoryInUse({ sourceOverride, stated }: FindRequest, { claims }: Published): string | null {
  return stated?.sources[0]?.repository ?? sourceOverride?.repository ?? claims.repository;
}

function sourceOf(
  request: FindRequest,
  published: Published,
  deadline: Deadline,
): Promise<Outcome<ResolvedSource>> {
  const { mirrors, cacheDir, stated } = request;
  const { claims, artifact } = published;
  const contradictions = (source: Source) =>
    contradictedByCommit(artifact.archive, source, claims.manifest.fileName);
  const options = { mirrors, cacheDir, claims, deadline, contradictions };
  return stated == null
    ? resolveSource({ ...options, override: request.sourceOverride })
    : resolveStated({ ...options, stated: stated.sources, giver: stated.giver });
}

async function plansOf(
  { stated }: FindRequest,
  subject: PlansRequest,
): Promise<{ readonly plans: readonly RankedPlan[]; readonly signals: readonly Signal[] }> {
  if (stated == null) return { plans: await rankedPlans(subject), signals: [] };
  const { plans, signal: overridden } = overriddenPlans(stated, subject, await ownPlans(subject));
  return { plans, signals: [overridden] };
}

/** Our plans, to compare those of a user with. That we cannot make any may be just why there are others. */
async function ownPlans(subject: PlansRequest): Promise<readonly RankedPlan[]> {
  try {
    return await rankedPlans(subject);
  } catch (error) {
    if (error instanceof ReproveError) return [];
    throw error;
  }
}

function overrideSignals({ sourceOverride, stated }: FindRequest, published: Published): readonly Signal[] {
  const { claims } = published;
  const claimed = claims.repository ?? 'no repository';
  const given = stated?.sources[0]?.repository;
  if (stated != null && given !== undefined) {
    if (urlOf(given) === urlOf(claimed)) return [];
    const message = `The ${GIVERS[stated.giver].noun} names ${given}; the package itself names ${claimed}.`;
    return [signal('source-overridden', message)];
  }
  if (sourceOverride === null) return [];
  const message = `--source names ${sourceOverride.repository}; the package itself names ${claimed}.`;
  return [signal('source-overridden', message)];
}

function urlOf(text: string): string | null {
  return parseRepositoryUrl(text)?.url ?? null;
}

function noPlan(candidates: readonly Source[]): Reason {
  const where = candidates.map((one) => `${one.commit.slice(0, 12)} in ${one.directory}`).join(', ');
  const message = `No rebuild plan fits the source at ${where}: its manifest cannot be read there.`;
  return { code: 'unsupported', message };
}
