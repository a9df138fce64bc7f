interface Evidence {
  readonly title: string;
  /** What is known when it is accepted, in one sentence. */
  readonly says: string;
  /** What it is easily taken to say as well, and does not. */
  readonly silent: string;
}

/** What a statement can be evidence of, whoever made it; docs/evidence.md has a section each. */
export const EVIDENCE = {
  'rebuild-verification': {
    title: 'Rebuild verification',
    says: 'Its signer has rebuilt the published file from its source, and this came of it.',
    silent: 'Not that the source is good, nor how the publisher built the file.',
  },
  'rebuild-provenance': {
    title: 'Rebuild provenance',
    says: 'Its signer has made the file that it names in a rebuild, from these sources, tools and files.',
    silent: 'Not that this file is the published one, unless it is named by its package and version.',
  },
  'verification-summary': {
    title: 'Verification summary',
    says: 'Its signer has judged the file by a policy, with this result.',
    silent: 'Not why: the evidence that was judged is not in it.',
  },
  'bill-of-materials': {
    title: 'Bill of materials',
    says: 'Its signer says that these files and tools went into the file that it names.',
    silent: 'Not that nothing else did, nor that any of them is good.',
  },
  provenance: {
    title: 'Build provenance',
    says: 'Its signer says that this builder made the file, from these inputs.',
    silent:
      'Not that anybody has built it again and got the same; a builder that was taken over signs as well.',
  },
  publication: {
    title: 'Publication',
    says: 'The registry has taken this file as this version of the package.',
    silent: 'Not who built it, nor from what.',
  },
  'oss-rebuild': {
    title: 'OSS Rebuild: rebuild',
    says: 'OSS Rebuild has made the file that it names in a rebuild, from this source with these steps.',
    silent: 'Not that this file is the published one: for that there is its statement of equivalence.',
  },
  'oss-rebuild-equivalence': {
    title: 'OSS Rebuild: equivalence',
    says: 'What OSS Rebuild made and the published file are the same once both are stabilized.',
    silent:
      'Not that they are the same bytes: order, modes, owners, times and compression may differ, and a file that differs otherwise has no statement at all.',
  },
} as const satisfies Record<string, Evidence>;

export type EvidenceKind = keyof typeof EVIDENCE;
export const EVIDENCE_KINDS = Object.keys(EVIDENCE) as [EvidenceKind, ...EvidenceKind[]];
