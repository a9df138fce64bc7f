import type { Archive } from '../model/artifact.ts';
import type { Comparison, Difference, DifferenceKind } from '../model/comparison.ts';
import type { Source } from '../model/source.ts';
import type { Finding } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import { contentFindings } from './content-findings.ts';
import { type ContentFindingKind, type DifferenceFindingKind, FINDINGS } from './findings.ts';
import { type EntryRole, roleOfContent, roleOfName, strongestRole } from './roles.ts';
import { severityOf } from './severity.ts';

const KIND_OF = {
  added: 'file-added',
  missing: 'file-missing',
  content: 'file-changed',
  mode: 'mode-changed',
  type: 'type-changed',
} as const satisfies Record<DifferenceKind, DifferenceFindingKind>;

const ROLE_WORDS = {
  'runs-on-install': 'runs when the package is installed',
  'runs-on-import': 'runs when the package is imported',
  executable: 'is a command',
  code: 'is code',
  data: 'is data',
  'read-by-people': 'is read by people and tools, not run',
} as const satisfies Record<EntryRole, string>;

/** Every difference of a comparison as findings, with the severity of what the entry can do. */
export function differenceFindings(
  comparison: Comparison,
  roles: ReadonlyMap<string, EntryRole>,
  { words = OF_SOURCE, source = null, rebuilt = null }: Context = {},
): readonly Finding<DifferenceFindingKind | ContentFindingKind>[] {
  const largest = (rebuilt?.entries ?? []).reduce((most, { size }) => Math.max(most, size), 0);
  return comparison.differences.flatMap((difference) => {
    const role = roleOf(difference, roles);
    return [
      differenceFinding(difference, { role, words, largest }),
      ...contentFindings(difference, { role, source }),
    ];
  });
}

/** What is known besides the comparison; everything has a default. */
export interface Context {
  /** How differences are told; default: as those of a rebuild. */
  readonly words?: Words | undefined;
  /** What was rebuilt; default nothing that is known. */
  readonly source?: Source | null | undefined;
  readonly rebuilt?: Archive | null | undefined;
}

/** How the kinds of differences are told. */
export type Words = Readonly<Record<(typeof KIND_OF)[DifferenceKind], string>>;

const OF_SOURCE: Words = {
  'file-added': FINDINGS['file-added'].title,
  'file-missing': FINDINGS['file-missing'].title,
  'file-changed': FINDINGS['file-changed'].title,
  'mode-changed': FINDINGS['mode-changed'].title,
  'type-changed': FINDINGS['type-changed'].title,
};

/** How archives of equal contents are wrapped differently, as one finding; null when they are not. */
export function wrappingFinding(comparison: Comparison): Finding<DifferenceFindingKind> | null {
  if (comparison.wrapping.length === 0) return null;
  const message = `${FINDINGS['wrapping-differs'].title}: ${comparison.wrapping.join('; ')}.`;
  return {
    kind: 'wrapping-differs',
    severity: 'info',
    path: null,
    message,
    evidence: { wrapping: comparison.wrapping },
  };
}

/** Whether a finding is one of those above. */
export function isDifferenceFinding(
  kind: Finding['kind'],
): kind is DifferenceFindingKind | ContentFindingKind {
  return OF_DIFFERENCES.includes(kind);
}

const OF_DIFFERENCES: readonly string[] = [
  'wrapping-differs',
  ...(['hidden-text', 'homoglyph', 'native-program', 'source-map-disagrees'] satisfies ContentFindingKind[]),
  ...Object.values<string>(KIND_OF),
];

/** As many as tell a program. */
const FIRST_BYTES = 64;

/** The strongest of what the manifest, the name and the first bytes on either side say. */
function roleOf({ path, published, rebuilt }: Difference, roles: ReadonlyMap<string, EntryRole>): EntryRole {
  const byContent = [published, rebuilt].map((side) =>
    side === null ? null : roleOfContent(side.content.subarray(0, FIRST_BYTES)),
  );
  return strongestRole(roles.get(path), roleOfName(path), ...byContent);
}

function differenceFinding(
  difference: Difference,
  { role, words, largest }: { readonly role: EntryRole; readonly words: Words; readonly largest: number },
): Finding<DifferenceFindingKind> {
  const kind = KIND_OF[difference.kind];
  const large = isPayloadSized(difference, largest) ? { largestOther: largest } : {};
  return {
    kind,
    severity: severityOf(difference, role),
    path: difference.path,
    message: `${words[kind]}: ${visible(difference.path)} ${ROLE_WORDS[role]}${details(difference)}${'largestOther' in large ? LARGE_WORDS : ''}.`,
    evidence: {
      role,
      inCommit: difference.inCommit,
      ...large,
      published: facts(difference.published),
      rebuilt: facts(difference.rebuilt),
    },
  };
}

/** Bytes: what recent payloads weigh, and hardly a file that people write. */
const PAYLOAD_BYTES = 500_000;
const LARGE_WORDS = '; it is larger than 500 kB and than every file of the other side';

function isPayloadSized({ kind, published }: Difference, largest: number): boolean {
  return kind === 'added' && (published?.size ?? 0) > Math.max(PAYLOAD_BYTES, largest);
}

function details({ kind, published, rebuilt, inCommit }: Difference): string {
  if (kind === 'mode') return `; mode ${octal(published?.mode)} instead of ${octal(rebuilt?.mode)}`;
  if (kind === 'type') return `; a ${published?.type ?? ''} instead of a ${rebuilt?.type ?? ''}`;
  if (inCommit) return '; its bytes are in the source, but the rebuilt package differs';
  return '';
}

function facts(side: Difference['published']): Readonly<Record<string, unknown>> | null {
  return side === null
    ? null
    : { type: side.type, mode: octal(side.mode), size: side.size, sha256: side.sha256 };
}

function octal(mode: number | undefined): string {
  return (mode ?? 0).toString(8).padStart(3, '0');
}
