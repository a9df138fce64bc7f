import type { ReasonCode, Severity } from '../model/verdict.ts';

export interface ReasonEntry {
  readonly title: string;
  /**
   * How much the reason itself should worry: most say only that nothing was proved. A file that is broken on purpose or
   * is not the one that the registry promised is alarming although (and because) nothing could be compared.
   */
  readonly severity: Severity;
  /** Section of docs/reasons.md. */
  readonly page: string;
}

/** Every reason for `unverifiable`. */
export const REASONS = {
  'no-repository': entry('The package names no repository', 'none', 'no-repository'),
  'repository-unreachable': entry('The repository does not answer', 'none', 'repository-unreachable'),
  'source-not-found': entry('No commit of the repository is this version', 'low', 'source-not-found'),
  'source-mismatch': entry('The commit is not the source of this package', 'medium', 'source-mismatch'),
  unsupported: entry('The package needs something not supported yet', 'none', 'unsupported'),
  'fetch-failed': entry('Dependencies of the build could not be fetched', 'none', 'fetch-failed'),
  'build-failed': entry('The build failed', 'none', 'build-failed'),
  'pack-failed': entry('Packing failed', 'none', 'pack-failed'),
  'timed-out': entry('A step took too long', 'none', 'timed-out'),
  'resource-limit': entry('A limit was met', 'low', 'resource-limit'),
  'artifact-invalid': entry('The artifact cannot be read in one way only', 'high', 'artifact-invalid'),
  'artifact-missing': entry('The registry does not have the artifact', 'none', 'artifact-missing'),
  'integrity-mismatch': entry(
    'The artifact is not what the registry promised',
    'critical',
    'integrity-mismatch',
  ),
} as const satisfies Record<ReasonCode, ReasonEntry>;

function entry(title: string, severity: Severity, section: string): ReasonEntry {
  return { title, severity, page: `docs/reasons.md#${section}` };
}
