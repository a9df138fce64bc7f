import type { Severity, Signal } from './verdict.ts';

export const SIGNAL_KINDS = [
  'source-evidence-disagrees',
  'version-not-in-source',
  'registry-time-implausible',
  'registry-history-repaired',
  'lockfile-stand-ins',
  'not-the-registry-artifact',
  'image-differs-from-lock',
  'artifact-without-digest',
  'repository-incomplete',
  'commit-on-no-branch',
  'source-overridden',
  'plan-overridden',
  'later-dependencies',
  'repository-changed',
  'source-files-missing',
  'repository-from-another-version',
  'source-outside-commit',
  'install-script-new',
  'dependency-new-unused',
  'provenance-lost',
  'publisher-changed',
  'maintainers-changed',
  'published-after-silence',
  'published-recently',
  'tag-moved',
  'tag-younger-than-publish',
  'tag-signature-lost',
  'repository-does-not-know-name',
  'registry-signature-invalid',
  'registry-signature-missing',
  'provenance-invalid',
  'provenance-identity-differs',
  'provenance-unchecked',
  'dependency-from-git',
  'large-new-file',
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

export interface SignalEntry {
  readonly title: string;
  readonly severity: Severity;
  readonly page: string;
}

/** Every signal: a fact beside the comparison that never changes the verdict, and that a policy may refuse. */
export const SIGNALS = {
  'source-evidence-disagrees': {
    title: 'Evidence for the source disagrees',
    severity: 'low',
    page: 'docs/signals/source-evidence-disagrees.md',
  },
  'version-not-in-source': {
    title: 'The source does not state this version',
    severity: 'low',
    page: 'docs/signals/version-not-in-source.md',
  },
  'registry-time-implausible': {
    title: 'The publish time of the registry cannot be right',
    severity: 'info',
    page: 'docs/signals/registry-time-implausible.md',
  },
  'registry-history-repaired': {
    title: 'Versions were let in although the registry dates them later',
    severity: 'info',
    page: 'docs/signals/registry-history-repaired.md',
  },
  'lockfile-stand-ins': {
    title: 'Something stood in for what a lockfile names',
    severity: 'medium',
    page: 'docs/signals/lockfile-stand-ins.md',
  },
  'not-the-registry-artifact': {
    title: 'The judged file is not the one that the registry serves',
    severity: 'high',
    page: 'docs/signals/not-the-registry-artifact.md',
  },
  'artifact-without-digest': {
    title: 'The registry states no digest for the artifact',
    severity: 'medium',
    page: 'docs/signals/artifact-without-digest.md',
  },
  'image-differs-from-lock': {
    title: 'The sandbox image differs from its lock file',
    severity: 'info',
    page: 'docs/signals/image-differs-from-lock.md',
  },
  'repository-incomplete': {
    title: 'The repository could be fetched only in part',
    severity: 'low',
    page: 'docs/signals/repository-incomplete.md',
  },
  'repository-changed': {
    title: 'The version names another repository than those before it',
    severity: 'medium',
    page: 'docs/signals/repository-changed.md',
  },
  'source-overridden': {
    title: 'The source was named by the user',
    severity: 'medium',
    page: 'docs/signals/source-overridden.md',
  },
  'plan-overridden': {
    title: 'The plan was given by the user',
    severity: 'medium',
    page: 'docs/signals/plan-overridden.md',
  },
  'commit-on-no-branch': {
    title: 'A named commit is on no branch and no tag of the repository',
    severity: 'high',
    page: 'docs/signals/commit-on-no-branch.md',
  },
  'later-dependencies': {
    title: 'Dependencies of the build are dated after the publish time',
    severity: 'low',
    page: 'docs/signals/later-dependencies.md',
  },
  'source-files-missing': {
    title: 'The mirror does not have all files of the commit',
    severity: 'low',
    page: 'docs/signals/source-files-missing.md',
  },
  'repository-from-another-version': {
    title: 'The source was found where another version says',
    severity: 'medium',
    page: 'docs/signals/repository-from-another-version.md',
  },
  'source-outside-commit': {
    title: 'The commit only names some of its files',
    severity: 'info',
    page: 'docs/signals/source-outside-commit.md',
  },
  'install-script-new': {
    title: 'The first version in a while that runs a script on install',
    severity: 'medium',
    page: 'docs/signals/install-script-new.md',
  },
  'dependency-new-unused': {
    title: 'A new dependency that no script of the package names',
    severity: 'medium',
    page: 'docs/signals/dependency-new-unused.md',
  },
  'provenance-lost': {
    title: 'The version before had provenance, this one has none',
    severity: 'medium',
    page: 'docs/signals/provenance-lost.md',
  },
  'publisher-changed': {
    title: 'Another account published it than those before',
    severity: 'low',
    page: 'docs/signals/publisher-changed.md',
  },
  'maintainers-changed': {
    title: 'The package has maintainers that it did not have before',
    severity: 'info',
    page: 'docs/signals/maintainers-changed.md',
  },
  'published-after-silence': {
    title: 'It was published after a long silence',
    severity: 'low',
    page: 'docs/signals/published-after-silence.md',
  },
  'published-recently': {
    title: 'It was published within the last day',
    severity: 'info',
    page: 'docs/signals/published-recently.md',
  },
  'tag-moved': {
    title: 'The tag of the release has been moved',
    severity: 'high',
    page: 'docs/signals/tag-moved.md',
  },
  'tag-younger-than-publish': {
    title: 'The tag of the release is younger than the publish',
    severity: 'low',
    page: 'docs/signals/tag-younger-than-publish.md',
  },
  'tag-signature-lost': {
    title: 'The releases before this one were signed in git, this one is not',
    severity: 'medium',
    page: 'docs/signals/tag-signature-lost.md',
  },
  'repository-does-not-know-name': {
    title: 'The repository does not know the name of the package',
    severity: 'medium',
    page: 'docs/signals/repository-does-not-know-name.md',
  },
  'registry-signature-invalid': {
    title: "The registry's signature is not valid",
    severity: 'high',
    page: 'docs/signals/registry-signature-invalid.md',
  },
  'registry-signature-missing': {
    title: "The registry's signature is missing",
    severity: 'info',
    page: 'docs/signals/registry-signature-missing.md',
  },
  'provenance-invalid': {
    title: 'The provenance is not valid',
    severity: 'high',
    page: 'docs/signals/provenance-invalid.md',
  },
  'provenance-identity-differs': {
    title: 'The provenance was signed for another repository',
    severity: 'high',
    page: 'docs/signals/provenance-identity-differs.md',
  },
  'provenance-unchecked': {
    title: 'The provenance could not be checked',
    severity: 'low',
    page: 'docs/signals/provenance-unchecked.md',
  },
  'dependency-from-git': {
    title: 'A dependency does not come from the registry',
    severity: 'medium',
    page: 'docs/signals/dependency-from-git.md',
  },
  'large-new-file': {
    title: 'A large file that earlier versions cannot have had',
    severity: 'medium',
    page: 'docs/signals/large-new-file.md',
  },
} as const satisfies Record<SignalKind, SignalEntry>;

/** A signal with the severity of its catalogue entry. */
export function signal(kind: SignalKind, message: string): Signal<SignalKind> {
  return { kind, severity: SIGNALS[kind].severity, message };
}

/** Whether a word is a kind of signal. */
export function isSignalKind(kind: string): kind is SignalKind {
  return Object.hasOwn(SIGNALS, kind);
}
