import { insideRepository } from './paths.ts';
import type { PackagePlace } from './scripts.ts';
import type { PublishSite } from './reading.ts';

/** The publishing command that most likely made the package on the registry; null when there is none. */
export function likeliestSite(sites: readonly PublishSite[], own: PackagePlace): PublishSite | null {
  const scored = sites.map((site) => ({ site, score: scoreOf(site, own) })).filter(({ score }) => score > 0);
  const best = Math.max(...scored.map(({ score }) => score));
  return scored.find(({ score }) => score === best)?.site ?? null;
}

/** Names of releases that are not those which people install by default. */
const TRIAL =
  /(?:^|[^a-z])(?:canary|nightly|snapshot|preview|experimental|insiders?|next|beta|alpha|rc|pre-?releases?|dry|edge|unstable)(?:$|[^a-z])/i;

/** Outweighs all that speaks for a command. */
const NEVER = -1000;

function scoreOf(site: PublishSite, own: PackagePlace): number {
  const { publishing, job } = site;
  const tag = publishing.publication.tag ?? 'latest';
  return (
    (publishing.certain ? 100 : 45) +
    placeScore(site, own) +
    (job === null ? 0 : triggerScore(job.triggers)) +
    (isTrial(site) ? -50 : 0) +
    (tag === 'latest' || tag.includes('$') ? 0 : -30) +
    registryScore(site) +
    (/release|publish/i.test([job?.file, job?.id, ...(job?.words ?? [])].join(' ')) ? 10 : 0)
  );
}

/** Whether it publishes the package that is looked for, another one, or what the words do not say. */
function placeScore({ publishing }: PublishSite, own: PackagePlace): number {
  const { publication, statement } = publishing;
  if (publication.filters.length > 0) return filterScore(publication.filters, own);
  if (publication.recursive) return 20;
  const directory = statement.directory;
  if (directory === null || publication.targetExpands) return 0;
  const target = insideRepository(directory, publication.target ?? '.') ?? '.';
  if (target === own.directory) return 30;
  const isInside = target.startsWith(`${own.directory}/`) || own.directory === '.';
  // A folder below the package's own may be what its build makes, or another package.
  if (isInside) return publication.target === null ? -10 : 10;
  return target === '.' && publication.target === null ? -20 : -70;
}

function filterScore(filters: readonly string[], own: PackagePlace): number {
  const isOwn = (filter: string) =>
    filter === own.name || insideRepository('.', filter) === own.directory || filter.includes('$');
  if (filters.some(isOwn)) return 30;
  return filters.some((filter) => /[*!]/.test(filter)) ? 20 : NEVER;
}

function triggerScore(triggers: ReadonlyMap<string, unknown>): number {
  if (triggers.has('release')) return 20;
  if (triggers.has('push')) return 15;
  if (triggers.has('workflow_dispatch') || triggers.has('workflow_run') || triggers.has('create')) return 10;
  if (triggers.has('schedule')) return -40;
  return triggers.has('workflow_call') ? 0 : -60;
}

/** Whether its names or conditions speak of trial releases. */
export function isTrial({ job, label, condition, publishing }: PublishSite): boolean {
  const texts = [job?.file.replace(/^.*\//, ''), ...(job?.words.slice(0, 3) ?? []), label, ...publishing.via];
  // In a sentence it is the pull request that a release begins with.
  const isOfPullRequest = [texts[0], job?.id].some((text) => /(?:^|[-_])pr(?:$|[-_.])/i.test(text ?? ''));
  return (
    isOfPullRequest ||
    texts.some((text) => text != null && text.length < 1024 && TRIAL.test(text)) ||
    isTrialCondition(condition)
  );
}

/** `contains(version, '-rc')`; not the condition that rules it out. */
function isTrialCondition(condition: string | null): boolean {
  return (
    condition !== null &&
    condition.length < 1024 &&
    TRIAL.test(condition) &&
    !/!|== false|== 'false'/.test(condition)
  );
}

function registryScore({ publishing, progress }: PublishSite): number {
  const url = publishing.publication.registry ?? progress.registry ?? '';
  if (/localhost|127\.0\.0\.1|0\.0\.0\.0|verdaccio/.test(url)) return NEVER;
  return /npm\.pkg\.github\.com|jsr\.io|gitlab/.test(url) ? -70 : 0;
}
