import type { Anomaly, Entry } from '../model/artifact.ts';
import { visible } from './visible.ts';

/**
 * Where a package manager puts an entry: the stored name less its first component, as `tar --strip-components=1`
 * does it. A directory loses its trailing slash.
 */
export function installedPath(storedName: string): string {
  const rest = storedName.split('/').slice(1).join('/');
  return rest.replace(/\/+$/, '');
}

/** Everything that is odd about one entry's own name. */
export function nameAnomalies(entry: Pick<Entry, 'path' | 'storedName' | 'type'>): readonly Anomaly[] {
  const why = unsafeBecause(entry);
  return why === null ? [] : [unsafe(entry, why)];
}

function unsafe({ path, storedName }: Pick<Entry, 'path' | 'storedName'>, why: string): Anomaly {
  return { kind: 'unsafe-path', path, detail: `${visible(storedName)}: ${why}` };
}

function unsafeBecause({
  path,
  storedName,
  type,
}: Pick<Entry, 'path' | 'storedName' | 'type'>): string | null {
  const parts = storedName.replace(type === 'directory' ? /\/+$/ : /$^/, '').split('/');
  if (storedName.startsWith('/')) return 'the name is absolute';
  if (storedName.includes('\\')) return 'the name holds a backslash, which separates folders on Windows';
  if (parts.includes('..')) return 'the name leads out of the folder (..)';
  if (parts.some((part) => /^[a-z]:/i.test(part))) return 'the name holds a drive letter';
  if (parts.includes('')) return 'the name has an empty component';
  // Readers differ in whether it is the first component, which they remove.
  if (parts[0] === '.') return 'the name begins with "."';
  if (parts.some((part) => /[. ]$/.test(part) && part !== '.'))
    return 'a component ends with a dot or a space, which Windows drops';
  if (visible(storedName) !== storedName)
    return 'the name holds characters that cannot be seen or imitate others';
  if (path === '' && type !== 'directory')
    return 'nothing is left of the name when its first component is removed';
  return null;
}

/** Whether `./` stands behind the first component: nothing to an unpacker, another path to whoever looks for a file by its name. */
function isDotted({ storedName }: Entry): boolean {
  return /\/\.(?:\/|$)/.test(storedName);
}

/** Entries that land on the same path, or on paths that some file systems cannot tell apart, and names that hide where they land. */
export function placeAnomalies(entries: readonly Entry[]): readonly Anomaly[] {
  const anomalies: Anomaly[] = [];
  const places = new Map<string, Entry>();
  const dotted = new Set(entries.filter((entry) => isDotted(entry) && unsafeBecause(entry) === null));
  // By their exact path, those of places that several have: hardly any, where there may be a million entries.
  const shared = new Map<string, Map<string, Entry>>();
  for (const entry of entries) {
    const key = placeOf(entry.path);
    const similar = places.get(key);
    places.set(key, entry);
    if (similar === undefined) continue;
    const there = shared.get(key) ?? new Map([[similar.path, similar]]);
    shared.set(key, there);
    const same = there.get(entry.path);
    there.set(entry.path, entry);
    const bothDirectories = (other: Entry): boolean =>
      other.type === 'directory' && entry.type === 'directory';
    const twin = same ?? similar;
    if (isSameFile(twin, entry)) {
      const detail = `${visible(entry.path)} is there again, with the same bytes, as ${visible(twin.storedName)}`;
      anomalies.push({ kind: 'repeated-entry', path: entry.path, detail });
      // Beside the same file under its plain name the other name hides nothing.
      if (!isDotted(twin)) dotted.delete(entry);
      if (!isDotted(entry)) dotted.delete(twin);
    } else if (same !== undefined) {
      const detail = `${visible(entry.path)} is in the archive more than once; which one is installed depends on the reader`;
      if (!bothDirectories(same)) anomalies.push({ kind: 'duplicate-entry', path: entry.path, detail });
    } else if (!bothDirectories(similar)) {
      const detail = `${visible(entry.path)} and ${visible(similar.path)} are the same file where case, Unicode form or separators do not count`;
      anomalies.push({ kind: 'colliding-entry', path: entry.path, detail });
    }
  }
  const hiding = [...dotted].map((entry) => unsafe(entry, 'the name has a "." component'));
  return [...hiding, ...anomalies, ...blockedFolders(entries, places)];
}

/** Whichever of them a reader installs, the same is there. */
function isSameFile(a: Entry, b: Entry): boolean {
  return (
    a.type === 'file' && b.type === 'file' && a.size === b.size && a.mode === b.mode && a.sha256 === b.sha256
  );
}

/** A file (or link) where another entry needs a folder: what is installed depends on the order and the reader. */
function blockedFolders(entries: readonly Entry[], places: ReadonlyMap<string, Entry>): readonly Anomaly[] {
  const anomalies = new Map<Entry, Anomaly>();
  const checked = new Set<string>();
  for (const entry of entries) {
    const folder = placeOf(entry.path);
    for (let end = folder.lastIndexOf('/'); end > 0; end = folder.lastIndexOf('/', end - 1)) {
      const parent = folder.slice(0, end);
      if (checked.has(parent)) break;
      checked.add(parent);
      const blocker = places.get(parent);
      if (blocker === undefined || blocker.type === 'directory') continue;
      const detail = `${visible(blocker.path)} is not a folder, but ${visible(entry.path)} lies in it`;
      anomalies.set(blocker, { kind: 'colliding-entry', path: blocker.path, detail });
    }
  }
  return [...anomalies.values()];
}

/** One key for all spellings of a path that some file system takes for the same (macOS and Windows fold case and form). */
function placeOf(path: string): string {
  const parts = path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => part.replace(/[. ]+$/, '') || part);
  return parts.join('/').normalize('NFKD').toLowerCase().toUpperCase().normalize('NFKD');
}
