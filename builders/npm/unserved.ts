import { z } from 'zod';
import type { PlanRequest } from '../../src/ecosystem.ts';
import { pinGitDependencies } from './git/pin-dependencies.ts';
import { missingIn, unmatchedIn } from './install-log.ts';
import { Texts } from './manifest-fields.ts';
import { ELSEWHERE } from './proxy/view.ts';
import { withoutDependencies } from './relax.ts';
import { readYaml } from './release/yaml.ts';
import type { Reading, Revision } from './revision.ts';
import { repositoryManifests } from './workspace.ts';

/** A fetch that wants to reach a git host, or an archive of one. */
const WANTS_ELSEWHERE =
  /git(?:@|\+ssh|\+https|:\/\/| ls-remote| clone)|Could not resolve host|getaddrinfo EAI_AGAIN|github\.com|\/tarball\//;

/** Dependencies in git repositories come from there; only what cannot be had is left out. */
export async function unservedDependencies(reading: Reading): Promise<Revision | null> {
  const { went } = reading;
  if (went.kind !== 'failed' || went.code !== 'fetch-failed') return null;
  return (await pinGitDependencies(reading)) ?? withoutMissing(reading, went.log);
}

/** Leaves out development dependencies that are unpublished or not in a registry at all. */
async function withoutMissing({ request, plan }: Reading, log: string): Promise<Revision | null> {
  // A range that nothing could be let in for has no version at all.
  const { name: unmatched } = unmatchedIn(log);
  const named = [...missingIn(log), ...(unmatched === null ? [] : [unmatched])];
  const elsewhere = WANTS_ELSEWHERE.test(log) ? await dependenciesElsewhere(request) : [];
  const names = [...new Set([...named, ...elsewhere])].filter((name) => /^(@[\w.-]+\/)?[\w.-]+$/.test(name));
  const steps = names.length === 0 ? null : withoutDependencies(plan.steps, names);
  if (steps === null) return null;
  // What is not there may be what builds.
  return {
    why: `${names.join(', ')} cannot be had: installed without`,
    change: { steps, conclusive: false },
  };
}

/**
 * What a git repository, a URL or a GitHub short form names: development dependencies of any package of the repository, and the
 * dependencies of the others.
 */
async function dependenciesElsewhere(request: PlanRequest): Promise<readonly string[]> {
  const own = request.published.subject.name;
  const [manifests, catalogs] = await Promise.all([repositoryManifests(request), catalogsOf(request)]);
  return manifests
    .flatMap(({ name, devDependencies, dependencies }) =>
      Object.entries(name === own ? devDependencies : { ...dependencies, ...devDependencies }),
    )
    .filter(([name, range]) => ELSEWHERE.test(range.startsWith('catalog:') ? (catalogs[name] ?? '') : range))
    .map(([name]) => name);
}

const Catalogs = z
  .object({ catalog: Texts, catalogs: z.record(z.string(), Texts).catch({}).default({}) })
  .catch({ catalog: {}, catalogs: {} });

/** The ranges that a repository of pnpm keeps in one place, by the name of the package; of several the last. */
async function catalogsOf(request: PlanRequest): Promise<Readonly<Record<string, string>>> {
  const text = await request.readText('pnpm-workspace.yaml');
  const { catalog, catalogs } = Catalogs.parse(text === null ? {} : readYaml(text));
  return Object.fromEntries([catalog, ...Object.values(catalogs)].flatMap(Object.entries));
}
