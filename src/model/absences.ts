/** What a registry or a repository can leave out, and what is not known then. */
export const ABSENCE_KINDS = [
  'registry-document',
  'publish-time',
  'git-head',
  'publisher',
  'registry-signature',
  'provenance',
  'earlier-versions',
  'release-tag',
] as const;
export type AbsenceKind = (typeof ABSENCE_KINDS)[number];

/** Something that a check would have needed and that was not there. Absent is not verified: it is said. */
export interface Absence<Kind extends string = string> {
  readonly kind: Kind;
  readonly message: string;
}

/** Each with the words in which a report names it; docs/absent-data.md has a section for each. */
export const ABSENCES = {
  'registry-document': {
    title: 'everything that a registry would say',
    message: 'The registry has no document of this version.',
  },
  'publish-time': {
    title: 'publish time',
    message: 'The registry does not say when the version was published.',
  },
  'git-head': { title: 'gitHead', message: 'The registry names no commit as gitHead.' },
  publisher: { title: 'publisher', message: 'The registry does not say who published the version.' },
  'registry-signature': {
    title: 'registry signature',
    message: 'The registry has not signed the version.',
  },
  provenance: { title: 'provenance', message: 'The registry has no provenance of the version.' },
  'earlier-versions': {
    title: 'earlier versions',
    message: 'The registry names no version before this one that it could be compared with.',
  },
  'release-tag': { title: 'release tag', message: 'No tag of the repository leads to the source.' },
} as const satisfies Record<AbsenceKind, { readonly title: string; readonly message: string }>;

/** An absence in the words of its catalogue entry, or in words of its own where more is known. */
export function absence(kind: AbsenceKind, message: string = ABSENCES[kind].message): Absence<AbsenceKind> {
  return { kind, message };
}

/** What a report calls an absence. */
export function titleOfAbsence(kind: string): string {
  return isAbsenceKind(kind) ? ABSENCES[kind].title : kind;
}

function isAbsenceKind(kind: string): kind is AbsenceKind {
  return Object.hasOwn(ABSENCES, kind);
}
