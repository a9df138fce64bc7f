import type { Archive } from '../../src/model/artifact.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { toolStep } from './managers/manager.ts';

/** What git made of a commit. `npm publish <address>` uploads the archive that a git host offers as it is. */
export interface GitArchive {
  readonly commit: string;
  /** The folder that everything is in. */
  readonly folder: string;
}

/**
 * Reads the mark that git leaves in a tar: a global header with the commit's id (git-archive(1)).
 *
 * @returns null for an archive without it
 */
export function gitArchive({ entries }: Archive): GitArchive | null {
  const [first] = entries;
  const commit = first?.pax['comment'] ?? '';
  const folder = first?.storedName.split('/', 1)[0] ?? '';
  const isOfGit = entries.every(
    ({ pax, storedName }) => pax['comment'] === commit && storedName.startsWith(`${folder}/`),
  );
  return isOfGit && /^[0-9a-f]{40}$/.test(commit) && /^\w[\w.-]*$/.test(folder) ? { commit, folder } : null;
}

/** What a plan says beside its tools and its time. */
export type PlanParts = Pick<
  RebuildPlan,
  'strategy' | 'steps' | 'evidence' | 'withGit' | 'conclusive' | 'fallback'
>;

/** Lets git pack the commit that is checked out, as it was published. */
export function gitArchivePlan({ folder }: GitArchive): PlanParts {
  // Git hosts let gzip compress, as git itself did before 2.38; its own encoder gives other bytes.
  const compressed = ['-c', 'tar.tar.gz.command=gzip -cn'];
  const output = [`--prefix=${folder}/`, `--output=${LAYOUT.output}/${folder}.tar.gz`];
  const step = toolStep({
    name: 'pack',
    phase: 'pack',
    argv: ['git', ...compressed, 'archive', '--format=tar.gz', ...output, 'HEAD'],
    directory: '.',
  });
  const detail = 'a global header of the published tar names the commit, as git archive writes it';
  return {
    strategy: 'git-archive',
    steps: [step],
    evidence: [{ kind: 'packer', detail }],
    withGit: true,
    conclusive: true,
    fallback: false,
  };
}
