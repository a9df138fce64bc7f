import { type Anomaly, type AnomalyKind } from '../model/artifact.ts';
import { type Level, LEVELS } from '../model/comparison.ts';
import { type Finding, isHigh, type Severity } from '../model/verdict.ts';

/** Differences between the published and the rebuilt archive, entry by entry. */
export type DifferenceFindingKind =
  'file-added' | 'file-missing' | 'file-changed' | 'mode-changed' | 'type-changed' | 'wrapping-differs';

/** What the content of a file shows of itself, where only the published artifact has it or has it otherwise. */
export type ContentFindingKind = 'hidden-text' | 'homoglyph' | 'native-program' | 'source-map-disagrees';

/** What an ecosystem's own reading of manifests finds. */
export type ManifestFindingKind =
  | 'lifecycle-script-added'
  | 'lifecycle-script-changed'
  | 'implicit-install'
  | 'dependency-added'
  | 'dependency-changed'
  | 'entry-point-redirected'
  | 'manifest-mismatch'
  | 'manifest-unreadable';

export type FindingKind =
  | DifferenceFindingKind
  | ContentFindingKind
  | 'build-drift'
  | ManifestFindingKind
  | 'registry-serves-another-file'
  | AnomalyKind;

export interface FindingEntry {
  readonly title: string;
  /** A fixed severity, or `by-role`: it follows what the entry can do (src/judge/severity.ts). */
  readonly severity: Severity | 'by-role';
  /** Whether a package with this finding can still be `reproduced`; one of these can as long as it is not high. */
  readonly effect: 'forbids-reproduced' | 'forbids-reproduced-when-high' | 'shown-only';
  /**
   * For anomalies: the weakest level of equality at which the rebuilt archive is known to have the same anomaly, which
   * makes it a property of the source or packer instead of something hidden. Null for everything else.
   */
  readonly reproducedAt: Level | null;
  readonly page: string;
}

/** Every kind of finding. */
export const FINDINGS = {
  'file-added': difference('A file that the source does not produce', 'by-role', 'file-added'),
  'file-missing': difference('A file that the source produces is not published', 'by-role', 'file-missing'),
  'file-changed': difference('A file with other bytes than the source produces', 'by-role', 'file-changed'),
  'mode-changed': difference('A file with other permissions', 'by-role', 'mode-changed'),
  'type-changed': difference('An entry of another type', 'high', 'type-changed'),
  'wrapping-differs': shown('Same contents, wrapped differently', 'info', 'wrapping-differs'),
  'hidden-text': difference('Characters that nobody sees', 'by-role', 'hidden-text'),
  homoglyph: difference('Letters that are taken for others', 'by-role', 'homoglyph'),
  'source-map-disagrees': difference(
    'A source map that disagrees with the source',
    'low',
    'source-map-disagrees',
  ),
  'native-program': difference('A compiled program', 'high', 'native-program'),
  'build-drift': shown('The build has drifted', 'info', 'build-drift'),

  'lifecycle-script-added': difference(
    'A script that runs on install was added',
    'critical',
    'lifecycle-script-added',
  ),
  'lifecycle-script-changed': difference(
    'A lifecycle script differs',
    'critical',
    'lifecycle-script-changed',
  ),
  'implicit-install': difference('A file that makes installing run a build', 'critical', 'implicit-install'),
  'dependency-added': difference('A dependency was added', 'high', 'dependency-added'),
  'dependency-changed': difference('A dependency differs', 'high', 'dependency-changed'),
  'entry-point-redirected': difference('An entry point leads elsewhere', 'high', 'entry-point-redirected'),
  'manifest-mismatch': {
    ...shown('The registry describes another manifest', 'high', 'manifest-mismatch'),
    effect: 'forbids-reproduced-when-high',
  },
  'manifest-unreadable': {
    ...shown('The manifest can be read in more than one way', 'high', 'manifest-unreadable'),
    effect: 'forbids-reproduced-when-high',
  },

  'registry-serves-another-file': {
    ...shown('The registry serves another file than was locked', 'critical', 'registry-serves-another-file'),
    effect: 'forbids-reproduced',
  },

  'gzip-file-name': anomaly('The gzip header names a file', 'low', 'bytes', 'gzip-file-name'),
  'gzip-header-field': anomaly('The gzip header carries data', 'medium', 'bytes', 'gzip-header-field'),
  'gzip-extra-member': anomaly('More than one gzip member', 'high', 'bytes', 'gzip-extra-member'),
  'gzip-trailing-bytes': anomaly('Bytes after the gzip stream', 'medium', 'bytes', 'gzip-trailing-bytes'),
  'tar-trailing-bytes': anomaly('Bytes after the end of the archive', 'medium', 'tar', 'tar-trailing-bytes'),
  'tar-padding': anomaly('Bytes where the format wants zeros', 'medium', 'tar', 'tar-padding'),
  'pax-record': anomaly('An extended header that no packer needs', 'medium', 'tar', 'pax-record'),
  'unsafe-path': anomaly('An entry name that is not safe', 'high', 'contents', 'unsafe-path'),
  'name-not-utf8': anomaly('An entry name that is not UTF-8', 'high', 'tar', 'name-not-utf8'),
  'duplicate-entry': anomaly('The same path twice', 'high', 'tar', 'duplicate-entry'),
  'colliding-entry': anomaly(
    'Paths that some file systems cannot tell apart',
    'high',
    'contents',
    'colliding-entry',
  ),
  'repeated-entry': anomaly('The same file twice', 'low', 'tar', 'repeated-entry'),
  'link-entry': anomaly('A link', 'medium', 'contents', 'link-entry'),
  'special-entry': anomaly('An entry that is no file', 'high', 'contents', 'special-entry'),
} as const satisfies Record<FindingKind, FindingEntry>;

/** Whether a word is a kind of finding. */
export function isFindingKind(kind: string): kind is FindingKind {
  return Object.hasOwn(FINDINGS, kind);
}

/**
 * An anomaly as a finding. When the rebuilt archive is equal at a level that covers it, it came from the source or the
 * packer: it is still shown, but never as more than `low`, and it forbids nothing.
 */
export function anomalyFinding(one: Anomaly, level: Level | null): Finding<AnomalyKind> {
  const entry: FindingEntry = FINDINGS[one.kind];
  const reproduced = isReproduced(entry, level);
  const severity = entry.severity === 'by-role' ? 'high' : entry.severity;
  return {
    kind: one.kind,
    severity: reproduced ? (severity === 'info' ? 'info' : 'low') : severity,
    path: one.path,
    message: `${entry.title}: ${one.detail}.`,
    evidence: { reproduced },
  };
}

/** Whether a finding means that the package must not be called reproduced. Unknown kinds always do. */
export function forbidsReproduced(finding: Finding): boolean {
  if (!isFindingKind(finding.kind)) return true;
  const entry: FindingEntry = FINDINGS[finding.kind];
  if (entry.effect === 'forbids-reproduced-when-high') return isHigh(finding.severity);
  return entry.effect === 'forbids-reproduced' && finding.evidence['reproduced'] !== true;
}

function isReproduced(entry: FindingEntry, level: Level | null): boolean {
  if (level === null || entry.reproducedAt === null) return false;
  return LEVELS.indexOf(level) >= LEVELS.indexOf(entry.reproducedAt);
}

function difference(title: string, severity: Severity | 'by-role', page: string): FindingEntry {
  return { title, severity, effect: 'forbids-reproduced', reproducedAt: null, page: pageOf(page) };
}

function shown(title: string, severity: Severity, page: string): FindingEntry {
  return { title, severity, effect: 'shown-only', reproducedAt: null, page: pageOf(page) };
}

/** Hidden bytes of some weight forbid; a plain file name in a gzip header does not. */
function anomaly(title: string, severity: Severity, reproducedAt: Level, page: string): FindingEntry {
  const effect = severity === 'low' ? 'shown-only' : 'forbids-reproduced';
  return { title, severity, effect, reproducedAt, page: pageOf(page) };
}

function pageOf(name: string): string {
  return `docs/findings/${name}.md`;
}
