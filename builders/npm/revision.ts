import type { PlanRequest, Went } from '../../src/ecosystem.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import type { GitRepositories } from './git/repositories.ts';
import type { ManagerRole } from './toolchain/manager-releases.ts';

/** What a rule reads: a plan, and how its attempt went. */
export interface Reading {
  readonly request: PlanRequest;
  readonly plan: RebuildPlan;
  readonly went: Went;
  /** Whether versions were let in that the registry's times hide. */
  readonly hidesVersions: boolean;
  /** Those of dependencies. */
  readonly repositories: Pick<GitRepositories, 'placeOf' | 'readText'>;
  /** The version of a package manager that people used when the package was published, of a range if there is one. */
  versionOfTime(role: ManagerRole, range?: string): Promise<string>;
}

/** A change of a plan, and the sentence that says why; null when it does not apply. */
export type Rule = (reading: Reading) => Promise<Revision | null> | Revision | null;

export interface Revision {
  readonly why: string;
  readonly change: Partial<
    Pick<
      RebuildPlan,
      'steps' | 'toolchain' | 'conclusive' | 'evidence' | 'registryTime' | 'clock' | 'withGit'
    >
  >;
}
