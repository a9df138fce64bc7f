import type { Archive, Entry } from '../model/artifact.ts';
import type { Difference, DifferenceKind, EntrySummary } from '../model/comparison.ts';

/**
 * The entries that count: all but folders that other entries imply. Some packers write those, others do not; they hold
 * no bytes, and installing creates them either way. An empty folder counts.
 */
export function countedEntries(archive: Archive): readonly Entry[] {
  const implied = new Set<string>(['']);
  for (const entry of archive.entries) {
    for (let end = entry.path.lastIndexOf('/'); end > 0; end = entry.path.lastIndexOf('/', end - 1)) {
      const parent = entry.path.slice(0, end);
      if (implied.has(parent)) break;
      implied.add(parent);
    }
  }
  return archive.entries.filter((entry) => entry.type !== 'directory' || !implied.has(entry.path));
}

/** The entries of an archive by their paths; there can be a million, nearly all of them alone at theirs. */
export class EntriesByPath {
  readonly #first = new Map<string, Entry>();
  /** All entries of the paths that the archive has more than once. */
  readonly #repeated = new Map<string, Entry[]>();

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) {
      const first = this.#first.get(entry.path);
      const all = this.#repeated.get(entry.path);
      if (first === undefined) this.#first.set(entry.path, entry);
      else if (all === undefined) this.#repeated.set(entry.path, [first, entry]);
      else all.push(entry);
    }
  }

  /** Each once, in the order in which they are stored. */
  get paths(): Iterable<string> {
    return this.#first.keys();
  }

  /** The entries of a path, in the order in which they are stored. */
  at(path: string): readonly Entry[] {
    const first = this.#first.get(path);
    return this.#repeated.get(path) ?? (first === undefined ? [] : [first]);
  }
}

/** How one published entry differs from one rebuilt entry of the same path; several ways at once are possible. */
export function differencesOf(published: Entry, rebuilt: Entry): readonly DifferenceKind[] {
  if (published.type !== rebuilt.type) return ['type'];
  const kinds: DifferenceKind[] = [];
  const sameBytes = published.sha256 === rebuilt.sha256 && published.size === rebuilt.size;
  if (!sameBytes || published.linkTarget !== rebuilt.linkTarget) kinds.push('content');
  // The flag of an unknown type is all that says what a reader would do with it.
  if (published.type === 'other' && published.typeFlag !== rebuilt.typeFlag) return ['type'];
  if (!areInstalledAlike(published.mode, rebuilt.mode) && published.type !== 'symlink') kinds.push('mode');
  return kinds;
}

const PERMISSIONS = 0o777;
const EXECUTE = 0o111;
const EXECUTE_BY_OWNER = 0o100;

/**
 * Whether permissions differ in nothing that an installation keeps, or only in who beside the owner may execute: fewer may,
 * as published. Installers give every file the permissions to read and write that they see fit (npm's pacote, lib/fetcher.js:
 * `fmode` and `umask`); old packers copied those of the publisher's disk.
 */
function areInstalledAlike(published: number, rebuilt: number): boolean {
  if (published === rebuilt) return true;
  const isOrdinary = ((published | rebuilt) & ~PERMISSIONS) === 0;
  const gained = published & ~rebuilt & EXECUTE;
  return isOrdinary && gained === 0 && ((published ^ rebuilt) & EXECUTE_BY_OWNER) === 0;
}

export interface DifferenceOptions {
  readonly kind: DifferenceKind;
  readonly published: Entry | null;
  readonly rebuilt: Entry | null;
  readonly inCommit: boolean;
}

/** One difference as data. At least one side is an entry. */
export function difference({ kind, published, rebuilt, inCommit }: DifferenceOptions): Difference {
  const path = (published ?? rebuilt)?.path ?? '';
  return { kind, path, published: summary(published), rebuilt: summary(rebuilt), inCommit };
}

function summary(entry: Entry | null): EntrySummary | null {
  if (entry === null) return null;
  const { type, mode, size, sha256 } = entry;
  // A link's target is what it holds.
  const content = entry.linkTarget === null ? entry.content : Buffer.from(entry.linkTarget);
  return { type, mode, size, sha256, content };
}
