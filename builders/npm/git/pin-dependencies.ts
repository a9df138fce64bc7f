import type { PlanRequest } from '../../../src/ecosystem.ts';
import { isSameRepository } from '../../../src/source/repository-url.ts';
import { TABLES } from '../dependency-tables.ts';
import { join, LOCKFILE_NAMES } from '../install-root.ts';
import { parseManifest } from '../manifest.ts';
import { withGitPackages } from '../relax.ts';
import type { Reading, Revision } from '../revision.ts';
import { directoryOf } from '../step-places.ts';
import { repositoryManifests } from '../workspace.ts';
import { type GitDependency, parseGitDependency } from './dependency.ts';
import { pinsOf } from './pins.ts';
import { type GitPlace, textOfPlace } from './repositories.ts';

/** A dependency as it is written somewhere. */
interface Written {
  readonly text: string;
  readonly dependency: GitDependency;
}

/** An address with a full commit id, or a host's short form with a commit id (bun cuts them), as lockfiles hold it. */
const LOCKED =
  /(?:git\+[a-z]+|git|ssh|https?):\/\/[^\s"'()<>{}]+?[0-9a-f]{40}\b|(?:github|gitlab|bitbucket):[\w.-]+\/[\w.-]+#[0-9a-f]{7,40}\b/g;
/** More are not in any repository of people; each may cost a fetch. */
const MOST_WRITTEN = 100;
/** npm and yarn run these of a package that they take from a repository, before they pack it; nothing does here. */
const MAKING_SCRIPTS = ['prepare', 'prepack'];

/**
 * The plan with an install that takes what lies in git repositories from the registry proxy, each at one commit: the
 * locked one, else what its tag, branch or range led to at the time. Null when there is nothing of that kind to be had.
 */
export async function pinGitDependencies({ request, plan, repositories }: Reading): Promise<Revision | null> {
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  if (install === undefined) return null;
  const known = pinsOf(plan.steps);
  const locked = await lockedPlaces(request, directoryOf(install));
  const written = [...(await inManifests(request)), ...locked].filter(
    ({ text }) => known[text] === undefined,
  );
  const places = await Promise.all(
    written.slice(0, MOST_WRITTEN).map(async ({ text, dependency }) => {
      const place = await repositories.placeOf(asLocked(dependency, locked), request.instant);
      return place === null ? [] : [{ text, place }];
    }),
  );
  const found = places.flat();
  const pins = Object.fromEntries(found.map(({ text, place }) => [text, textOfPlace(place)]));
  const steps = found.length === 0 ? null : withGitPackages(plan.steps, { ...known, ...pins });
  if (steps === null) return null;
  const unmade = await Promise.all(found.map(({ place }) => isMadeByScripts(place, repositories)));
  return {
    why: `dependencies lie in git repositories: served at ${[...new Set(Object.values(pins))].join(', ')}`,
    change: { steps, conclusive: plan.conclusive && !unmade.includes(true) },
  };
}

async function inManifests(request: PlanRequest): Promise<readonly Written[]> {
  const manifests = await repositoryManifests(request);
  return unique(manifests.flatMap((one) => TABLES.flatMap((table) => Object.values(one[table]))));
}

/** What the lockfiles of a folder pin. */
async function lockedPlaces({ readText }: PlanRequest, directory: string): Promise<readonly Written[]> {
  const texts = await Promise.all(LOCKFILE_NAMES.map((name) => readText(join(directory, name))));
  return unique(texts.flatMap((text) => (text ?? '').match(LOCKED) ?? []));
}

function unique(texts: readonly string[]): readonly Written[] {
  return [...new Set(texts)].flatMap((text) => {
    const dependency = parseGitDependency(text);
    return dependency === null ? [] : [{ text, dependency }];
  });
}

/** A dependency at the one commit that the lockfiles name for its repository. */
function asLocked(dependency: GitDependency, locked: readonly Written[]): GitDependency {
  const same = locked.filter((one) => isSameRepository(one.dependency.repository, dependency.repository));
  const [first, ...others] = new Set(same.map((one) => one.dependency.committish));
  return first === undefined || others.length > 0 ? dependency : { ...dependency, committish: first };
}

async function isMadeByScripts(place: GitPlace, repositories: Reading['repositories']): Promise<boolean> {
  const text = await repositories.readText(place, 'package.json');
  const scripts = (text === null ? null : parseManifest(text))?.scripts ?? {};
  return MAKING_SCRIPTS.some((name) => scripts[name] !== undefined);
}
