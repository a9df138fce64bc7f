import { isHigh, type ReasonCode, SEVERITIES } from '../model/verdict.ts';
import type { CompareDocument, ResultDocument } from './document.ts';

const STRENGTH = {
  bytes: 'is exactly what its source gives, byte for byte',
  tar: 'holds exactly the archive that its source gives; only the compression around it differs',
  contents: 'holds exactly the files that its source gives; only the archive around them differs',
  normalized: 'holds what its source gives, but for the differences that the named normalizers ignore',
} as const;

/** Whether the plan is the user's and not one that reprove makes: then what was built is that user's word. */
export function isPlanGiven({ signals }: ResultDocument): boolean {
  return signals.some((one) => one.kind === 'plan-overridden' && one.severity !== 'info');
}

/** The verdict in one sentence. */
export function headline(document: ResultDocument): string {
  const { verdict, level, reason, subject, findings } = document;
  const file = subject.artifact ?? 'The artifact';
  if (verdict === 'reproduced' && isPlanGiven(document)) {
    return `The plan of the user makes ${file} (level ${level ?? 'unknown'}). Whether its source gives it, the steps of the plan have to show.`;
  }
  if (verdict === 'reproduced' && level !== null) return `${file} ${STRENGTH[level]}.`;
  if (verdict === 'unverifiable') return reason?.message ?? 'No reason was given.';
  if (findings.some(({ kind }) => kind === 'registry-serves-another-file'))
    return `${file} is not the file that was locked: the registry serves another one.`;
  const maker = isPlanGiven(document) ? 'the plan of the user makes' : 'its source gives';
  const paths = new Set(findings.flatMap((finding) => (finding.path === null ? [] : [finding.path])));
  if (
    findings.every((finding) => finding.kind === 'manifest-mismatch' || !isHigh(finding.severity)) &&
    isHigh(document.severity)
  ) {
    return `${file} is what ${maker}, but the registry describes another package than it serves.`;
  }
  const count = paths.size === 1 ? '1 file differs' : `${paths.size} files differ`;
  return `${file} is not what ${maker}: ${count}.`;
}

/** What to do now. */
export function nextSteps(document: ResultDocument): string {
  const { verdict, severity, reason, findings, signals } = document;
  if (verdict === 'reproduced' && isPlanGiven(document)) {
    return 'Read the steps above: this verdict is worth as much as they are. Without --plan, reprove makes plans of its own.';
  }
  if (verdict === 'reproduced') {
    const notes = [...findings, ...signals].filter(
      (one) => SEVERITIES.indexOf(one.severity) >= SEVERITIES.indexOf('medium'),
    );
    return notes.length > 0
      ? 'Read the notes above: the file comes from this source, and there is something beside it to know.'
      : 'Nothing. Remember what this does not say: that the source itself is honest.';
  }
  if (verdict === 'diverged' && isPlanGiven(document)) {
    return 'Read the steps above: the differences may be theirs. Without --plan, reprove makes plans of its own.';
  }
  if (verdict === 'diverged') {
    return isHigh(severity)
      ? 'Do not install this version until the differences are explained; read them, and ask the maintainers.'
      : 'Read the differences above; none of them is in code. --fail-on high accepts such a divergence.';
  }
  return reason === null ? 'Run again with --json for all details.' : nextByReason(reason.code);
}

const SAMENESS = {
  bytes: 'are the same file, byte for byte',
  tar: 'hold the same archive; only the compression around it differs',
  contents: 'hold the same files; only the archives around them differ',
  normalized: 'hold the same files, but for the differences that the named normalizers ignore',
} as const;

/** A comparison in one sentence. */
export function comparedHeadline(document: CompareDocument): string {
  const { verdict, level, base, subject, findings, leftOut } = document;
  const names = `${base.artifact ?? base.name} and ${subject.artifact ?? subject.name}`;
  if (verdict === 'same' && level !== null) return `${names} ${SAMENESS[level]}.`;
  const paths = new Set(findings.flatMap((finding) => (finding.path === null ? [] : [finding.path])));
  if (paths.size === 0) return `${names} hold the same files, and something beside them that differs.`;
  const count = paths.size + leftOut.paths;
  return `${names} differ: ${count === 1 ? '1 file' : `${count} files`}.`;
}

/** What to do after a comparison. */
export function comparedNextSteps({ verdict, severity }: CompareDocument): string {
  if (verdict === 'same') return 'Nothing. Neither of them has been rebuilt; "reprove verify" does that.';
  return isHigh(severity)
    ? 'Read what was added before you take the second one. Whether its source gives it, "reprove verify" says.'
    : 'Read the differences; none of them is in code. Whether its source gives it, "reprove verify" says.';
}

/** What to do about a reason. */
export function nextByReason(code: ReasonCode): string {
  return NEXT_BY_REASON[code];
}

const NEXT_BY_REASON = {
  'no-repository': 'Name the source with --source <url#commit>, or ask the maintainers to state it.',
  'repository-unreachable': 'Check the network, or name a mirror with --git-mirror; then run again.',
  'source-not-found': 'Name the commit with --source <url#commit>, or ask the maintainers which one it was.',
  'source-mismatch': 'Look for the right repository; if the package claims one that is not its own, be wary.',
  unsupported: 'This package needs something that reprove cannot do yet; see docs/reasons.md.',
  'fetch-failed': 'Read the log above: a dependency could not be had as of the publish time.',
  'build-failed': 'Read the log above: the build needs something that the source does not state.',
  'pack-failed': 'Read the log above: packing failed.',
  'timed-out': 'Allow more time with --timeout <seconds>.',
  'resource-limit': 'The build, or the artifact, needs more than a sandbox may use; see docs/sandbox.md.',
  'artifact-invalid': 'Do not install this file: it is no package as package managers write them.',
  'artifact-missing': 'Check the name and the version; the registry has no such artifact.',
  'integrity-mismatch': 'Do not install this file: it is not the one that the registry says it serves.',
} as const satisfies Record<ReasonCode, string>;
