import { digestSetOf } from '../attest/digest-set.ts';
import type { RefusedMaterial } from '../model/plan.ts';
import type { ResultDocument } from '../report/document.ts';
import type { AttestedRebuild } from './attested.ts';

export const DIFFERENCE_KINDS = [
  'published-file',
  'source-tree',
  'source-ref',
  'sandbox-image',
  'tool',
  'material-other-bytes',
  'material-not-attested',
  'material-gone',
  'material-unused',
  'rebuilt-file',
  'verdict',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/**
 * How a replay can differ from what was attested. Those that decide are about what is claimed; the others about what it was
 * made with, which may differ and give the same. docs/replay.md has a section for each.
 */
export const DIFFERENCES = {
  'published-file': { title: 'published file', decides: true },
  'source-tree': { title: 'source tree', decides: true },
  'source-ref': { title: 'tag of the source', decides: false },
  'sandbox-image': { title: 'sandbox image', decides: false },
  tool: { title: 'tool', decides: false },
  'material-other-bytes': { title: 'fetched file has other bytes', decides: false },
  'material-not-attested': { title: 'file asked for that is not attested', decides: false },
  'material-gone': { title: 'fetched file is gone', decides: false },
  'material-unused': { title: 'fetched file not asked for', decides: false },
  'rebuilt-file': { title: 'rebuilt file', decides: true },
  verdict: { title: 'verdict', decides: true },
} as const satisfies Record<DifferenceKind, { readonly title: string; readonly decides: boolean }>;

/** One thing that is not as it was attested. */
export interface ReplayDifference {
  readonly kind: DifferenceKind;
  /** What it is about, for example a package version. */
  readonly name: string;
  /** Null for what was not there. */
  readonly attested: string | null;
  readonly replayed: string | null;
}

/**
 * Everything in which a replay is not what was attested, in the order of the pipeline. What is not known on one of the two sides
 * is no difference.
 *
 * @param result of the replay
 * @param refused files that its fetch steps asked for and were not given
 */
export function differencesOf(
  attested: AttestedRebuild,
  result: ResultDocument,
  refused: readonly RefusedMaterial[],
): readonly ReplayDifference[] {
  return [
    ...publishedDifference(attested, result),
    ...sourceDifferences(attested, result),
    ...sandboxDifferences(attested, result),
    ...refusedDifferences(refused, result),
    ...unusedMaterials(attested, result, refused),
    ...rebuiltDifferences(attested, result),
  ];
}

/** None where one of the two is not known, or both are the same. */
function unequal(
  kind: DifferenceKind,
  name: string,
  { attested, replayed }: { readonly attested: string | null; readonly replayed: string | null },
): readonly ReplayDifference[] {
  if (attested === null || replayed === null || attested === replayed) return [];
  return [{ kind, name, attested, replayed }];
}

function publishedDifference({ published, purl }: AttestedRebuild, { subject }: ResultDocument) {
  return unequal('published-file', purl, {
    attested: published?.sha512 ?? null,
    replayed: subject.digests?.sha512 ?? null,
  });
}

function sourceDifferences(attested: AttestedRebuild, { source }: ResultDocument) {
  if (source === null) return [];
  const tree = { attested: attested.tree, replayed: source.tree };
  const ref = { attested: attested.ref, replayed: source.ref ?? 'does not lead to this commit' };
  return [...unequal('source-tree', attested.commit, tree), ...unequal('source-ref', attested.commit, ref)];
}

function sandboxDifferences(
  attested: AttestedRebuild,
  { sandbox }: ResultDocument,
): readonly ReplayDifference[] {
  if (sandbox === null) return [];
  const image = { attested: attested.image, replayed: sandbox.image.replace(/^sha256:/, '') };
  const here = new Map(
    sandbox.tools.map(({ name, version, integrity }) => [`${name}@${version}`, digestSetOf(integrity)]),
  );
  const known = new Set(attested.tools.map(({ name }) => name));
  return [
    ...unequal('sandbox-image', 'root file system', image),
    ...attested.tools.flatMap(({ name, digest }) => toolDifference(name, digest, here.get(name) ?? null)),
    ...[...here]
      .filter(([name]) => !known.has(name))
      .flatMap(([name, digest]) => toolDifference(name, null, digest)),
  ];
}

type DigestSet = Readonly<Record<string, string>>;

function toolDifference(
  name: string,
  attested: DigestSet | null,
  replayed: DigestSet | null,
): readonly ReplayDifference[] {
  const algorithm = ['sha512', 'sha256', 'sha1'].find((one) =>
    Object.hasOwn(attested ?? replayed ?? {}, one),
  );
  const digestIn = (digests: DigestSet | null) => digests?.[algorithm ?? ''] ?? null;
  const [before, now] = [digestIn(attested), digestIn(replayed)];
  return before === now ? [] : [{ kind: 'tool', name, attested: before, replayed: now }];
}

const REFUSED = {
  'other-bytes': 'material-other-bytes',
  'not-attested': 'material-not-attested',
  gone: 'material-gone',
} as const satisfies Record<RefusedMaterial['why'], DifferenceKind>;

/** A file that seemed to be gone may have come after all: what a registry's document says is kept for a while. */
function refusedDifferences(
  refused: readonly RefusedMaterial[],
  { materials }: ResultDocument,
): readonly ReplayDifference[] {
  const served = new Set(materials.map(({ name, version }) => `${name}@${version}`));
  return refused
    .map(({ name, version, why, attested, found }) => ({
      kind: REFUSED[why],
      name: `${name}@${version}`,
      attested,
      replayed: found,
    }))
    .filter(({ kind, name }) => kind !== 'material-gone' || !served.has(name));
}

/** Of a replay that ended before its time nobody can say what it would still have asked for. */
function unusedMaterials(
  { materials }: AttestedRebuild,
  result: ResultDocument,
  refused: readonly RefusedMaterial[],
): readonly ReplayDifference[] {
  if (result.rebuilt === null) return [];
  const told = new Set([...result.materials, ...refused].map(({ name, version }) => `${name}@${version}`));
  return materials
    .filter(({ name, version }) => !told.has(`${name}@${version}`))
    .map(({ name, version, sha512 }) => ({
      kind: 'material-unused',
      name: `${name}@${version}`,
      attested: sha512,
      replayed: null,
    }));
}

function rebuiltDifferences(attested: AttestedRebuild, result: ResultDocument): readonly ReplayDifference[] {
  const { rebuilt, subject } = result;
  if (rebuilt === null) return [];
  const name = subject.artifact ?? attested.purl;
  const verdicts = {
    attested: attested.verdict === null ? null : verdictWords(attested.verdict),
    replayed: verdictWords(result),
  };
  return [
    ...unequal('rebuilt-file', name, {
      attested: attested.rebuilt.sha512,
      replayed: rebuilt.digests.sha512,
    }),
    ...unequal('verdict', attested.purl, verdicts),
  ];
}

/** For example `reproduced at level bytes`. */
export function verdictWords({ verdict, level }: Pick<ResultDocument, 'verdict' | 'level'>): string {
  return level === null ? verdict : `${verdict} at level ${level}`;
}
