import type {
  InputEntry,
  InputPackage,
  Inputs,
  LeftOut,
  SelectedInputs,
  Selection,
} from '../model/inputs.ts';
import { algorithmOf, strengthRank, strongestFirst } from '../published/integrity.ts';

/**
 * Takes what a user wants verified, each artifact once: entries of one package version and of digests that do not
 * contradict each other are one. Pure.
 */
export function selectInputs(inputs: Inputs, selection: Selection): SelectedInputs {
  const taken: InputEntry[] = [];
  const leftOut: LeftOut[] = [...inputs.leftOut];
  let notSelected = 0;
  let untold = 0;
  for (const entry of inputs.entries) {
    const wanted = isWanted(entry, selection);
    if (wanted === 'no') notSelected += 1;
    else if (isElsewhere(entry, selection)) leftOut.push(privateEntry(entry));
    else taken.push(entry);
    if (wanted === 'untold') untold += 1;
  }
  const groups = [...Map.groupBy(taken, ({ subject }) => subject.purl).values()].map(packagesOf);
  return {
    packages: groups.flat(),
    leftOut,
    notSelected,
    untold,
    conflicts: groups.filter((group) => group.length > 1),
  };
}

/** What a file does not say of an entry leaves it in: more is verified then, not less. */
function isWanted(entry: InputEntry, { depth, omit, scopes }: Selection): 'yes' | 'no' | 'untold' {
  const scope = entry.subject.name.startsWith('@') ? (entry.subject.name.split('/', 1)[0] ?? '') : '';
  if (scopes.length > 0 && !scopes.includes(scope)) return 'no';
  const asked =
    depth === 'top-level'
      ? [entry.direct, ...omit.map((kind) => negated(entry[kind]))]
      : omit.map((kind) => negated(entry[kind]));
  if (asked.includes(false)) return 'no';
  return asked.includes(null) ? 'untold' : 'yes';
}

function negated(told: boolean | null): boolean | null {
  return told === null ? null : !told;
}

function isElsewhere({ registry }: InputEntry, { registries }: Selection): boolean {
  return registry !== null && registries.length > 0 && !registries.includes(registry);
}

function privateEntry({ subject, resolved, integrity, direct, dev, place }: InputEntry): LeftOut {
  const { name, version } = subject;
  return { reason: 'private-registry', name, version, from: resolved, integrity, direct, dev, place };
}

interface Group {
  /** By algorithm. */
  readonly digests: Map<string, string>;
  readonly entries: InputEntry[];
}

/**
 * Entries of one package version as packages: one, unless their digests contradict each other. What has a strong digest
 * comes first; a weaker one that fits none of several packages in particular is one of its own, since it may be any.
 */
function packagesOf(entries: readonly InputEntry[]): readonly InputPackage[] {
  const groups: Group[] = [];
  for (const entry of [...entries].sort((a, b) => weakness(a) - weakness(b))) {
    const group = groupFor(entry, groups);
    for (const digest of entry.integrity) group.digests.set(algorithmOf(digest), digest);
    group.entries.push(entry);
  }
  return groups.map((group) => ({
    subject: (group.entries[0] as InputEntry).subject,
    integrity: strongestFirst(group.digests.values()),
    entries: group.entries,
  }));
}

/** Entries keep their digests with the strongest first; those without any come last. */
function weakness({ integrity: [strongest] }: InputEntry): number {
  return strongest === undefined ? Number.MAX_SAFE_INTEGER : strengthRank(strongest);
}

function groupFor({ integrity }: InputEntry, groups: Group[]): Group {
  const same = groups.find(
    ({ digests }) =>
      integrity.some((one) => digests.get(algorithmOf(one)) === one) &&
      integrity.every((one) => fits(one, digests)),
  );
  const fitting = groups.filter(({ digests }) => integrity.every((one) => fits(one, digests)));
  const only = fitting.length === 1 || integrity.length === 0 ? fitting[0] : undefined;
  const found = same ?? only;
  if (found !== undefined) return found;
  const group = { digests: new Map<string, string>(), entries: [] };
  groups.push(group);
  return group;
}

function fits(digest: string, digests: ReadonlyMap<string, string>): boolean {
  const other = digests.get(algorithmOf(digest));
  return other === undefined || other === digest;
}
