import { signal } from '../model/signals.ts';
import type { Evidence, Source } from '../model/source.ts';
import { cannot, found, type Outcome, type Signal } from '../model/verdict.ts';
import { locate, type Located } from './locate.ts';
import { openCommit } from './open-repository.ts';
import type { Repository } from './repository.ts';
import {
  claimedSources,
  type Context,
  type ResolvedSource,
  type ResolveOptions,
  resolveWith,
} from './resolve.ts';
import { evidenceSignals } from './evidence-signals.ts';
import { ghostSignals } from './unheld.ts';

/** Repository, commit and directory in somebody's own words, from a plan file or an attestation. */
export interface StatedSource {
  readonly repository: string;
  /** Full commit id, 40 hex. */
  readonly commit: string;
  /** Full name of the branch or tag that led to it, or null. */
  readonly ref: string | null;
  readonly directory: string;
}

/** Who states sources and plans in place of what would be found, in the words of messages. */
export const GIVERS = {
  'plan-file': {
    noun: 'plan file',
    how: 'with --plan',
    lost: 'Correct the commit in the file, or make a new one with "reprove plan".',
    other: 'Make one for this version: reprove plan <package version> --json > plan.json',
  },
  attestation: {
    noun: 'attestation',
    how: 'by the attestation',
    lost: 'It may have been removed since; --git-mirror names another place to fetch from.',
    other: 'Name the file that it is about, or none: the registry is asked for it then.',
  },
} as const satisfies Record<string, Readonly<Record<'noun' | 'how' | 'lost' | 'other', string>>>;
export type Giver = keyof typeof GIVERS;

interface Statement {
  readonly stated: readonly StatedSource[];
  readonly giver: Giver;
}

/** The word that marks what a user, and no evidence, says. */
const BY_USER = 'user';

/**
 * Looks for exactly these commits and directories, all of one repository. Nothing of what is stated is
 * believed: the commit must be there, and its directory must hold a manifest with the name of the package. What the
 * evidence leads to is looked up all the same, so that a statement that goes against it can be told.
 */
export async function resolveStated(
  options: Omit<ResolveOptions, 'override'> & Statement,
): Promise<Outcome<ResolvedSource>> {
  const { stated, giver } = options;
  const repository = stated[0]?.repository ?? null;
  const override = repository === null ? null : { repository, commit: null };
  return resolveWith({ ...options, override }, (context) => resolveIn({ ...context, stated, giver }));
}

/** Whether anything but the user's word leads to a source. */
export function isUserNamed(source: Source): boolean {
  return source.evidence[0]?.kind === BY_USER;
}

async function resolveIn(context: Context & Statement): Promise<Outcome<ResolvedSource>> {
  const { url, claims, stated } = context;
  const { located: own, unheld } = await claimedSources(context);
  const opened = await repositoryWith(context);
  if (!opened.ok) return opened;
  const { repository, signals } = opened.value;
  const sources: Located[] = [];
  for (const one of stated) {
    const known = own.sources.find(({ source }) => isAt(source, one));
    const here = await locateStated({ ...context, repository }, one, known ?? null);
    if (!here.ok) return here;
    sources.push(here.value);
  }
  const others = own.sources.filter(({ source }) => !stated.some((one) => isAt(source, one)));
  return found({
    repository,
    candidates: sources.map((one) => one.source),
    signals: [...ghostSignals(url, unheld), ...signals, ...evidenceSignals(claims, [...sources, ...others])],
  });
}

function isAt(source: Source, stated: StatedSource): boolean {
  return source.commit === stated.commit && source.directory === stated.directory;
}

/** The repository with all these commits; one that no branch or tag holds is asked for by its id, if it is the only one. */
async function repositoryWith(
  context: Context & Statement,
): Promise<Outcome<{ readonly repository: Repository; readonly signals: readonly Signal[] }>> {
  const { repository, url, partial, stated } = context;
  const { noun, how, lost } = GIVERS[context.giver];
  const commits = [...new Set(stated.map((one) => one.commit))];
  const known = await Promise.all(commits.map((commit) => repository.commitOf(commit)));
  const missing = commits.find((_, index) => known[index] === null);
  if (missing === undefined) return found({ repository, signals: [] });
  const alone = commits.length === 1 ? await openCommit({ ...context, key: url.url, commit: missing }) : null;
  if (alone === null) {
    const what = `No branch and no tag of ${url.url} holds commit ${missing}, which the ${noun} names.`;
    return cannot('source-not-found', `${what} ${lost}`);
  }
  const message = `Commit ${missing} was named ${how}; no branch and no tag of the repository holds it.`;
  // Of a repository without its history nobody can say what its branches hold.
  return found({
    repository: alone,
    signals: partial === null ? [signal('commit-on-no-branch', message)] : [],
  });
}

async function locateStated(
  context: Context & Statement,
  stated: StatedSource,
  known: Located | null,
): Promise<Outcome<Located>> {
  const { repository, url, claims } = context;
  const { commit, directory } = stated;
  const { noun, how } = GIVERS[context.giver];
  const ref = stated.ref !== null && (await repository.commitOf(stated.ref)) === commit ? stated.ref : null;
  const lost = stated.ref !== null && ref === null ? `; its ${stated.ref} does not lead there` : '';
  const named: Evidence = { kind: BY_USER, detail: `named ${how}${lost}` };
  if (known !== null) {
    return found({ ...known, source: { ...known.source, ref, evidence: [...known.source.evidence, named] } });
  }
  const candidate = { commit, ref, evidence: [named] };
  const located = await locate({ repository, url, claims: { ...claims, directory } }, candidate);
  if (!located.ok) return located;
  if (located.value !== null && located.value.source.directory === directory) {
    const place = { kind: 'directory', detail: `${directory}: its manifest there has the name` };
    return found({ ...located.value, source: { ...located.value.source, evidence: [named, place] } });
  }
  const what = `No ${claims.manifest.fileName} named ${claims.name} lies in ${JSON.stringify(directory)} of commit ${commit.slice(0, 12)}.`;
  return cannot('source-mismatch', `${what} The ${noun} names this directory.`);
}
